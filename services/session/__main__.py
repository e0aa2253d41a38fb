"""Run the session service: `python -m services.session`."""

from services.session.service import main

if __name__ == "__main__":
    main()
