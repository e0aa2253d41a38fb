"""The phrases `assent` reads, per language.

`^` before a phrase: only where a clause begins (or right after another cue). `$` after it: only where a clause ends.
"I do not", "I am" and their like are written contracted: `assent` contracts what it reads.
"""

from services.llm.words import word_set

_SHARED_YES = "yes, ja, sure$"
_SHARED_NO = "^no, nope, nee, ^no thanks, ^no thank you"
_SHARED_MILD = "ok, okay, okey, o k, oké, yeah"

YES = {
    "en": _SHARED_YES
    + """, yep, yup, yea, aye, sure, sure thing, for sure, yeah sure, yeah yeah, yeah okay, okay yeah, i agree, agreed, i consent,
    i accept, i do$, i'm$, i will$,
    i'd$, i want to$, i want that$, i want this$, i want it$, i want to do this$, i want to do it$, i'd love to, i'd love that,
    i'd like to$, i'd like that, i'd like this$, i'm in$, i'm ready$, i'm willing$, i'm happy to, i'm up for it, i'm game,
    count me in, of course, absolutely$, certainly$, definitely$, totally$, gladly, with pleasure, by all means, please do,
    go ahead, go on then, go on$, go for it, let's go$, let's do it, let's do this, let's begin, let's start, let's try,
    ^do it$, you may$, you can copy, you may copy, you can have it, you may have it, you may use, you can use,
    you have my permission, you have my consent, be my guest, why not$, i don't see why not, i don't mind, no problem,
    no problem at all, no objection, no objections, no worries, no doubt$, without a doubt, can't wait, i can't wait,
    i mean it, i said yes, i say yes, i'm saying yes, hell yes, hell yeah, bring it on, correct$, copy me,
    you can start, you can begin, you may start, you may begin""",
    "nl": _SHARED_YES
    + """, jawel, jazeker, jaa, zeker$, zeker weten, tuurlijk, natuurlijk, uiteraard, graag, heel graag, akkoord, vind ik goed,
    vind ik prima, vind ik best, mij best, doe maar, ga je gang,
    ga uw gang, ga maar$, ga maar door, begin maar, ^begin, start maar$, toe maar, kom maar$, kom maar op, vooruit, vooruit maar,
    vooruit dan maar, dat wil ik$, dat wil ik wel, ik wil het$, ik wil dit$, ik wil dat$, ik wil wel, wil ik wel, wil ik$, ik doe mee,
    ik ga akkoord, ik ben akkoord, ik stem toe, ik stem ermee in, ik geef toestemming, je hebt mijn toestemming,
    laten we beginnen, laten we het doen, laten we gaan$, laten we het proberen, waarom niet$, waarom ook niet, geen probleem,
    geen bezwaar, geen enkel bezwaar, ik heb geen bezwaar, je mag$, u mag$, dat mag, het mag, mag wel, mag hoor, mag$,
    ik vind het goed, ik vind het prima, ik vind het best, ik vind het niet erg, ik zei ja, ik zeg ja, ik ben er klaar voor, dat klopt,
    klopt, inderdaad$, absoluut$, ik ben benieuwd, met plezier, helemaal goed, lijkt me leuk,
    lijkt me goed, lijkt me prima, dat lijkt me leuk""",
}

MILD_YES = {
    "en": _SHARED_MILD
    + """, alright, all right, fine$, ^fine, fine by me, fine with me, that's fine, it's fine, okay with me, that's okay, it's okay,
    all good$,
    sounds good, very well$, indeed$, good$""",
    "nl": _SHARED_MILD
    + """, okee, prima, goed$, ^goed, is goed, da's goed, dat is goed, dat is oké, dat is prima, best$, in orde, komt goed""",
}
"""Also how people begin a sentence about something else: a yes only if little else is said."""

NO = {
    "en": _SHARED_NO
    + """, nah, naw, nay, ^never$, no way, not at all, certainly not, absolutely not, definitely not, of course not, i disagree,
    not really, not now, not today, not yet, not me$, not for me, not interested, i'm not interested, i don't think so,
    don't think so, i think not, i don't believe so, i'm afraid not, i said no, hell no, god no, a no, not okay, not ok, not fine,
    not alright, not happy, you may not, you can't, i'd say no, no no, no no no, i'm not ready, not comfortable, i do not$,
    i don't$, i can't$, thanks but no thanks, no chance, not my face, not my voice""",
    "nl": _SHARED_NO
    + """, neen, nee hoor, nee nee, nooit$, echt niet, absoluut niet, zeker niet, natuurlijk niet, tuurlijk niet, niet echt, nu niet,
    niet nu, vandaag niet, nog niet, ik dacht het niet, ik denk het niet, ik denk van niet, denk het niet, van niet, geen zin,
    geen zin in, ik heb geen zin, hoeft niet, dat hoeft niet, niet nodig, niks voor mij, niets voor mij, mij niet gezien,
    niet oké, niet ok, niet goed, niet akkoord, ik zei nee, ik mag niet, mag niet, je mag niet, dat mag niet, ik durf niet,
    geen denken aan, geen sprake van, vergeet het, ammehoela, mooi niet, niet mijn gezicht, niet mijn stem""",
}

FIRM_NO = {
    "en": """i don't want, don't want, i won't, i refuse, i decline, i'd rather not, rather not, i'd prefer not, prefer not, better not,
    i'd rather you didn't, i'd rather go, i don't agree, i don't consent, i don't accept, i didn't agree, i didn't consent, i withdraw,
    i changed my mind, i've changed my mind, leave me alone, forget it, forget about it, ^stop, stop it, please stop, please don't,
    don't do it, don't do that, don't do this, don't copy, don't record, don't film, don't use, don't take, don't touch, don't scan,
    don't you dare, ^don't$, let me out, i want to leave, i want to go, i want to stop, i'm leaving, i'm out$, i'm not doing,
    i'm not going to, count me out, over my dead body, i'm under eighteen, i'm a minor,
    i'm underage, i'm a child, no means no, get away, go away, i can't do this, i didn't say yes, i never said yes, i never agreed""",
    "nl": """ik wil niet, ik wil het niet, ik wil dit niet, ik wil dat niet, wil ik niet, dat wil ik niet, ik wil liever niet,
    ik heb liever niet, ik heb liever van niet, liever niet, liever van niet, beter van niet, beter niet, doe maar niet, doe dat niet,
    doe het niet, toch maar niet, toch niet, niet doen, niet opnemen, niet filmen, niet kopiëren, niet kopieren, ik weiger,
    ik ga niet akkoord,
    ik ben niet akkoord, ik ben het er niet mee eens, ik heb me bedacht, ik ben van gedachten veranderd, nee dank je, nee dankje,
    nee bedankt, nee dank u, laat maar, laat me met rust, hou op, houd op, ophouden, ^stop, stop maar, ik wil weg, ik ga weg, ik stop,
    ik stop ermee, blijf van me af, blijf van mij af, ik ben minderjarig, ik ben een kind,
    ik doe het niet, ik doe niet mee, ik ga niet, ik zei geen ja, ik heb geen ja gezegd, ik heb nooit ja gezegd""",
}

DOUBT = {
    "en": """maybe, perhaps, possibly, probably, presumably, i guess, guess so, i suppose, suppose so, i think, think so, i believe so,
    not sure, unsure, no idea, i have no idea, don't know, dunno, i wonder, depends, hesitant, kind of, sort of, kinda, sorta, yeah right,
    yes right, sure right, as if, kidding, just kidding, joking, hold on, hang on, one second, a moment, a minute, let me think,
    if, unless, but, except, although, though, however, only, as long as, provided, neither, nor, or, he, she, they, him, her, them,
    say, says, said, saying, tell, told, asked, mhm, mm-hm, mm-hmm, uh-huh, uh-uh, huh, pardon, come again, excuse me, repeat,
    what, whatever, who, why, how, where, when, which, can i, could i, may i, should i, do i, must i, will i, will you, will it,
    can you, could you, do you, does it, is it, is this, are you, are we, would you, am i, have i, oh no, i'm okay, i'm ok, i'm fine,
    i'm good, i'm alright, not, never, no, none, nothing, nobody, can't, don't, doesn't, didn't, won't, wouldn't, isn't, aren't,
    wasn't, couldn't, shouldn't, hardly, barely, almost, nearly, ain't, haven't, without, instead, unfortunately, afraid, later, yet,
    some other time, another time, make sure, listening, understand, i see, got it, i hear, half, partly, in theory, in principle,
    wish, pretend, imagine, i'm not, used to, yes and no, yes men, yes man""",
    "nl": """misschien, wellicht, mogelijk, waarschijnlijk, vermoedelijk, ik denk het, ik denk het wel, denk het, denk het wel,
    ik geloof het,
    ik geloof het wel, ik geloof, ik denk, ik gok, ik neem aan, weet niet, weet ik niet, ik weet niet, ik weet het niet, weet het niet,
    niet zeker, niet zo zeker, geen idee, twijfel, ik twijfel, ligt eraan, hangt ervan af, hangt er vanaf, mits, tenzij, als, maar,
    behalve, alleen, zonder, zolang, hoewel, grapje, geintje, wacht even, even wachten, momentje, moment, even nadenken,
    laat me denken, hij,
    haar, hem, hun, zegt, zei, zeggen, zeg, gezegd, vraagt, vroeg, of, noch, ja en nee, ja doei, jaja, nou ja, ach ja, het zal wel,
    zal wel, mhm, hè, huh, pardon, sorry wat, wat, wie, waarom, hoe, waar, wanneer, welke, kan ik, mag ik, moet ik,
    ga je, gaat dit, gaat het, ben je, is dit, is het, is dat, kun je, kan je, wil je, heb je, moet dat, moet het, mag dat, niet, geen,
    nooit, niks, niets, niemand, bijna, nauwelijks, amper, helaas, later, straks, andere keer, half, deels, in principe, eigenlijk,
    bang, maakt niet uit, maakt me niet uit, gaat goed, het gaat goed, gaat wel, het gaat wel, ik begrijp, ik snap, ik luister,
    zou kunnen, kan wel, doe alsof""",
}

HARMLESS = {
    "en": """what the hell, what the heck, oh why not, just me, only me, it's only me, no one else, nobody else, i'm not afraid,
    i'm not scared,
    no need to ask, or older, that's why i'm here, why i came, not a problem, i can't say no, only live once, nothing to lose,
    nothing to hide, whatever you want, whatever you like, whatever you need, never done this before, not under, not a minor, older than,
    over eighteen, thank you, thanks""",
    "nl": """ik ben alleen, ben ik alleen, ik ben hier alleen, helemaal alleen, alleen hier, en alleen, of ouder, geen angst,
    niemand anders,
    ik ben niet bang, daarom ben ik hier, daarvoor ben ik hier, ik heb niets te verbergen, niets te verliezen, dank je, dankjewel,
    bedankt""",
}
"""Would be doubt or denial word by word, and is neither."""

CORRECTION = {
    "en": """i mean, i meant, no wait, oh wait, wait no, wait, correction, scratch that, on second thought, i take that back,
    sorry, actually""",
    "nl": "ik bedoel, ik bedoelde, nee wacht, wacht, of nee, of nee toch, bij nader inzien, sorry, pardon nee, toch maar, toch",
}
"""What comes after one of these stands, and what came before is void."""

FILLERS = word_set(
    """hm hmm mm um uh uhm er erm ah oh ooh well so and then now hey hi hello please really very much just quite you know like mirror
    eh ehm nou tja dus en dan nu hoor wel ook echt heel even zo hé hoi hallo spiegel jij je ach"""
) - {"you", "know", "je", "jij"}
"""Neither say anything nor count as words around a cue."""
