/* Adam on Rosenbrock, twice: as anyone would write it, and as one who knows the compiler would. */

#include <math.h>
#include <stddef.h>

/* One run after the other. */
void adam_plain(double *X, double *Y, size_t n, int steps, double lr, double b1, double b2, double eps) {
    for (size_t i = 0; i < n; i++) {
        double x = X[i], y = Y[i], mx = 0, my = 0, vx = 0, vy = 0, d1 = 1, d2 = 1;
        for (int t = 0; t < steps; t++) {
            double r = y - x * x, gx = -2 * (1 - x) - 400 * x * r, gy = 200 * r;
            d1 *= b1;
            d2 *= b2;
            mx = b1 * mx + (1 - b1) * gx;
            my = b1 * my + (1 - b1) * gy;
            vx = b2 * vx + (1 - b2) * gx * gx;
            vy = b2 * vy + (1 - b2) * gy * gy;
            x -= lr * (mx / (1 - d1)) / (sqrt(vx / (1 - d2)) + eps);
            y -= lr * (my / (1 - d1)) / (sqrt(vy / (1 - d2)) + eps);
        }
        X[i] = x;
        Y[i] = y;
    }
}

/* Blocks of runs in lock step, so that the compiler can use vector instructions, and what all runs share computed
   once per step. Stronger than what it is measured against: every run here must have the same rate and betas. */
#define LANES 64

void adam_lanes(double *X, double *Y, size_t n, int steps, double lr, double b1, double b2, double eps) {
    for (size_t s = 0; s < n; s += LANES) {
        size_t lanes = n - s < LANES ? n - s : LANES;
        double x[LANES], y[LANES], mx[LANES], my[LANES], vx[LANES], vy[LANES];
        for (size_t i = 0; i < LANES; i++) {
            x[i] = i < lanes ? X[s + i] : 1;
            y[i] = i < lanes ? Y[s + i] : 1;
            mx[i] = my[i] = vx[i] = vy[i] = 0;
        }
        double d1 = 1, d2 = 1;
        for (int t = 0; t < steps; t++) {
            d1 *= b1;
            d2 *= b2;
            double c1 = lr / (1 - d1), c2 = 1 / (1 - d2);
            for (int i = 0; i < LANES; i++) {
                double r = y[i] - x[i] * x[i], gx = -2 * (1 - x[i]) - 400 * x[i] * r, gy = 200 * r;
                mx[i] = b1 * mx[i] + (1 - b1) * gx;
                my[i] = b1 * my[i] + (1 - b1) * gy;
                vx[i] = b2 * vx[i] + (1 - b2) * gx * gx;
                vy[i] = b2 * vy[i] + (1 - b2) * gy * gy;
                x[i] -= c1 * mx[i] / (sqrt(vx[i] * c2) + eps);
                y[i] -= c1 * my[i] / (sqrt(vy[i] * c2) + eps);
            }
        }
        for (size_t i = 0; i < lanes; i++) {
            X[s + i] = x[i];
            Y[s + i] = y[i];
        }
    }
}
