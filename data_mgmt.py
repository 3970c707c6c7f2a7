"""Manages the data of one environment: the same as `./mc.sh data`."""

import sys

from ninepanels.ops import data

if __name__ == "__main__":
    data.main(sys.argv[1:])
