"""`python -m myapp_operator`."""

from myapp_operator.cli import main

if __name__ == "__main__":
    main()
