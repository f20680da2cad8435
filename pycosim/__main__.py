"""`python -m pycosim` is the command `pycosim`."""

from pycosim.cli import main

if __name__ == "__main__":
    main()
