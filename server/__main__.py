"""`python -m server` is `milkrun`."""

from server.cli import main

if __name__ == "__main__":
    main()
