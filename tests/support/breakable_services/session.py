"""As it is: it has no engine."""

from services.session.service import main

if __name__ == "__main__":
    main()
