import pytest

from core.errors import InvalidSetting
from core.settings import Settings

TOPIC = "arn:aws:sns:eu-central-1:123456789012:photos"
CHINA = "arn:aws-cn:sns:cn-north-1:123456789012:photos"


@pytest.mark.parametrize("secret", ["short", "fifteen-letters", "ü" * 20, "a" * 20 + " b", " "])
def test_a_secret_that_can_be_guessed_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TINTYPE_HOOKS_SECRET", secret)
    with pytest.raises(InvalidSetting, match="TINTYPE_HOOKS_SECRET") as caught:
        Settings.load()
    assert secret not in str(caught.value) or secret == " "


@pytest.mark.parametrize(
    "topics", ["photos", f"{TOPIC};{CHINA}", "arn:aws:sqs:eu-central-1:123456789012:photos", "*"]
)
def test_what_is_not_a_topic_stops_the_start(monkeypatch: pytest.MonkeyPatch, topics: str) -> None:
    monkeypatch.setenv("TINTYPE_SNS_TOPICS", topics)
    with pytest.raises(InvalidSetting, match="TINTYPE_SNS_TOPICS"):
        Settings.load()


def test_another_process_knows_the_same_senders(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"hooks_secret": "the-new-secret-1 the-old-secret-1", "sns_topics": f"{TOPIC}, {CHINA}"}
    settings = Settings.model_validate({**given, "rules": "rules.toml"})
    assert "new-secret" not in repr(settings)
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == settings
