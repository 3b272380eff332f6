/* Optimizers on Rosenbrock: Adam as anyone would write it, and four as one who knows the compiler would. */

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
   once per step. Stronger than what it is measured against: every run here must have the same settings, the formula is
   without weight decay and other extras, and nobody looks whether a run has diverged. */
#define LANES 64
#define IN_LANES(name, BEFORE, ONCE, MOVE)                                                                              \
    void name(double *X, double *Y, size_t n, int steps, double lr, double b1, double b2, double eps) {                 \
        for (size_t s = 0; s < n; s += LANES) {                                                                         \
            size_t lanes = n - s < LANES ? n - s : LANES;                                                               \
            double x[LANES], y[LANES], mx[LANES], my[LANES], vx[LANES], vy[LANES];                                      \
            for (size_t i = 0; i < LANES; i++) {                                                                        \
                x[i] = i < lanes ? X[s + i] : 1;                                                                        \
                y[i] = i < lanes ? Y[s + i] : 1;                                                                        \
                mx[i] = my[i] = vx[i] = vy[i] = 0;                                                                      \
            }                                                                                                           \
            BEFORE;                                                                                                     \
            for (int t = 0; t < steps; t++) {                                                                           \
                ONCE;                                                                                                   \
                for (int i = 0; i < LANES; i++) {                                                                       \
                    double r = y[i] - x[i] * x[i], gx = -2 * (1 - x[i]) - 400 * x[i] * r, gy = 200 * r;                 \
                    MOVE(x[i], gx, mx[i], vx[i]);                                                                       \
                    MOVE(y[i], gy, my[i], vy[i]);                                                                       \
                }                                                                                                       \
            }                                                                                                           \
            for (size_t i = 0; i < lanes; i++) {                                                                        \
                X[s + i] = x[i];                                                                                        \
                Y[s + i] = y[i];                                                                                        \
            }                                                                                                           \
        }                                                                                                               \
    }

#define ADAM(x, g, m, v)                                                                                                \
    m = b1 * m + (1 - b1) * g;                                                                                          \
    v = b2 * v + (1 - b2) * g * g;                                                                                      \
    x -= c1 * m / (sqrt(v * c2) + eps)
#define ADAM_BEFORE double d1 = 1, d2 = 1
#define ADAM_ONCE                                                                                                       \
    d1 *= b1;                                                                                                           \
    d2 *= b2;                                                                                                           \
    double c1 = lr / (1 - d1), c2 = 1 / (1 - d2)
IN_LANES(adam_lanes, ADAM_BEFORE, ADAM_ONCE, ADAM)

#define MOMENTUM(x, g, m, v)                                                                                            \
    m = b1 * m + g;                                                                                                     \
    x -= lr * m
IN_LANES(momentum_lanes, , , MOMENTUM)

#define RMSPROP(x, g, m, v)                                                                                             \
    v = b2 * v + (1 - b2) * g * g;                                                                                      \
    m = b1 * m + g / (sqrt(v) + eps);                                                                                   \
    x -= lr * m
IN_LANES(rmsprop_lanes, , , RMSPROP)

/* The powers of 0.96 as a running product, as in our formula. */
#define NADAM(x, g, m, v)                                                                                               \
    m = b1 * m + (1 - b1) * g;                                                                                          \
    v = b2 * v + (1 - b2) * g * g;                                                                                      \
    x -= (c1 * m + c2 * g) / (sqrt(v * c3) + eps)
#define NADAM_ONCE                                                                                                      \
    d2 *= b2;                                                                                                           \
    faded *= fade;                                                                                                      \
    double mu = b1 * (1 - faded / 2), next = b1 * (1 - faded * fade / 2);                                               \
    product *= mu;                                                                                                      \
    double c1 = lr * next / (1 - product * next), c2 = lr * (1 - mu) / (1 - product), c3 = 1 / (1 - d2)
#define NADAM_BEFORE double d2 = 1, faded = 1, product = 1, fade = pow(0.96, 0.004)
IN_LANES(nadam_lanes, NADAM_BEFORE, NADAM_ONCE, NADAM)
