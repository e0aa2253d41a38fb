"""Dutch: what the visitor says of themselves, said to them. "ik ben bang" -> "je bent bang", "ben ik bang" -> "ben je bang"."""

from services.llm.words import word_set

_PLAIN = {
    "me": "je", "mij": "jou", "mijn": "je", "m'n": "je", "mezelf": "jezelf", "mijzelf": "jezelf", "mijne": "jouwe",
}  # fmt: skip
_SECOND = {
    "ben": "bent", "heb": "hebt", "wil": "wilt", "kan": "kunt", "zal": "zult", "ga": "gaat", "sta": "staat", "sla": "slaat",
    "doe": "doet", "zie": "ziet", "hou": "houdt", "rij": "rijdt", "glij": "glijdt", "vind": "vindt", "word": "wordt",
}  # fmt: skip
_SAME = word_set(
    """mag moet weet zou was had kon wou wilde ging stond deed zag hield reed vond werd dacht wist mocht moest bleef liep sprak
    kreeg kwam nam gaf las zat lag at viel sliep riep hing ving liet begon vergat verloor koos loog zweeg keek schreef bracht
    kocht zocht brak sloeg droeg groeide verdween sloot zei leefde"""
)
_SUBORDINATORS = word_set(
    "dat omdat als alsof of toen waarom hoe wie wat waar waardoor waarvan waarop waarin die terwijl voordat nadat totdat "
    "zodat sinds wanneer doordat hoewel"
)
_SECOND_PERSON = word_set("je jij jou jouw jullie u uw jezelf")
_NO_VERB = word_set("niet nooit ook altijd zelf soms vaak wel nog al zo te het een de er dan daar hier")


def turn(words: list[str]) -> list[str] | None:
    """The words turned to the second person; None where the verb cannot be found, or "you" is among them already."""
    if not _SECOND_PERSON.isdisjoint(words):
        return None  # "je" is subject, object, possessive and "one": turned wrongly, it reads like a fault
    turned: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word != "ik":
            turned.append(_PLAIN.get(word, word))
        elif at and words[at - 1] in _SUBORDINATORS:
            rest = _subordinate(words[at + 1 :])
            return None if rest is None else [*turned, "je", *rest]
        elif at:
            turned.append("je")  # inversion: "dan ben ik" -> "dan ben je"
        elif at + 1 < len(words) and (verb := second_person(words[at + 1])):
            turned += ["je", verb]
            at += 1
        else:
            return None
        at += 1
    return turned


def second_person(verb: str) -> str:
    """The form after "je" of a verb as it stands after "ik"; empty if this is no verb."""
    if verb in _NO_VERB or verb in _SUBORDINATORS:
        return ""
    if verb in _SECOND:
        return _SECOND[verb]
    is_past = verb.endswith(("de", "te")) and len(verb) > 4
    return verb if verb in _SAME or is_past or verb.endswith("t") else verb + "t"


def _subordinate(words: list[str]) -> list[str] | None:
    """What follows "dat ik": the verb stands near the end."""
    turned = [_PLAIN.get(word, word) for word in words]
    finite = [at for at, word in enumerate(words) if word in {"ben", "heb", "wil", "kan", "zal"}]
    if finite:
        turned[finite[-1]] = _SECOND[words[finite[-1]]]
        return turned
    if not words or "ik" in words:
        return None
    if any(word in _SAME or (word.endswith(("de", "te")) and len(word) > 4) for word in words):
        return turned
    last = words[-1]
    if last.endswith("en") or last in _NO_VERB or len(last) < 3:
        return None
    turned[-1] = second_person(last)
    return turned
