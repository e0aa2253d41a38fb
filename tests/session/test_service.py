"""What the session service refuses before it opens."""

import pytest

from services.session.service import check_language
from shared.errors import ConfigError
from tests.support.play_files import shipped


def test_a_language_that_the_play_has_no_words_in_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigError, match=r"no words in 'fr'.*en, nl"):
        check_language("fr", shipped("short"))


@pytest.mark.parametrize("language", ["", "en", "nl"])
def test_every_language_of_the_play_is_welcome_and_so_is_none(language: str) -> None:
    check_language(language, shipped("short"))
