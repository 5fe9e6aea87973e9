#!/usr/bin/env python
"""Django's door for operators; `trustcenter` is the same with friendlier names."""

import sys

from trustcenter.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
