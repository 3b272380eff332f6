"""How fast the core is, each figure beside a yardstick that is timed in the same run: `make bench`."""
