"""Word knowledge for checking claims: function words, negators, numbers, dates, irregular forms.

Only data, so that what the checks know can be read, and extended, in one place.
"""

from __future__ import annotations


def words(text: str) -> list[str]:
    """The words of a list written as text."""
    return text.split()


FUNCTION_WORDS = frozenset(
    words("""a an the this that these those and or but nor so yet as at by for from in into
        of off on onto out over per to up upon via with within is am are was were be
        been being do does did done doing has have had having it its it's he him his she
        her hers they them their theirs we us our ours you your yours i me my mine who
        whom whose which what when where why how there here than then also too very just
        about such same own both each other another any if because while although though
        since until unless during through between among amid against toward towards
        around across along one's s t ll ve re d m can will would shall should could may
        might must however therefore thus hence moreover furthermore additionally
        meanwhile instead yes well indeed itself himself herself themselves one ones
        like as' eg ie etc's'""")
)

AUXILIARIES = frozenset(
    words("""is am are was were be been being do does did has have had can will would shall
        should could may might must""")
)
"""The function words that can be the verb of a sentence."""

PRONOUNS = frozenset(
    words("""he him his she her hers it its they them their theirs this these that those who
        which whose we our us i my himself herself itself themselves""")
)

NEGATORS = frozenset(
    words("""not no never n't nt cannot neither nor none nobody nothing nowhere without
        hardly scarcely barely non""")
)

HEDGES = frozenset(
    words("""may might could possibly perhaps maybe allegedly reportedly supposedly
        apparently potentially likely probably seemingly rumored rumoured purportedly""")
)

NOT_ADVERBS = frozenset(
    words("""likely unlikely early family july italy supply apply reply rely fly ally
        friendly daily monthly weekly yearly elderly deadly costly assembly rally holy
        ugly silly lovely lonely multiply comply imply only""")
)

# Function words that change what is claimed.
QUANTIFIERS = frozenset(
    words("""all every most many few some only always often sometimes rarely seldom usually
        several more less fewer before after above below under over first last next
        previous between up down until since against for""")
)

MONTHS = words(
    "january february march april may june july august september october november december"
)
MONTH_SHORT = {name[:3]: name for name in MONTHS} | {"sept": "september"}
WEEKDAYS = words("monday tuesday wednesday thursday friday saturday sunday")
WEEKDAY_SHORT = {
    "mon": "monday",
    "tue": "tuesday",
    "tues": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "thur": "thursday",
    "thurs": "thursday",
    "fri": "friday",
}

UNITS = dict(
    zip(
        words("""zero one two three four five six seven eight nine ten eleven twelve thirteen
        fourteen fifteen sixteen seventeen eighteen nineteen"""),
        range(20),
        strict=True,
    )
)
TENS = dict(
    zip(
        words("twenty thirty forty fifty sixty seventy eighty ninety"),
        range(20, 100, 10),
        strict=True,
    )
)
SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
    "bn": 1_000_000_000,
}
ORDINALS = dict(
    zip(
        words("""first second third fourth fifth sixth seventh eighth ninth tenth eleventh
        twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
        nineteenth twentieth"""),
        range(1, 21),
        strict=True,
    )
)
IRREGULAR = {
    form: base
    for base, forms in {
        "arise": "arose arisen",
        "become": "became",
        "begin": "began begun",
        "bear": "bore born borne",
        "break": "broke broken",
        "bring": "brought",
        "build": "built",
        "buy": "bought",
        "catch": "caught",
        "choose": "chose chosen",
        "come": "came",
        "cut": "cutting",
        "deal": "dealt",
        "draw": "drew drawn",
        "drive": "drove driven",
        "eat": "ate eaten",
        "fall": "fell fallen",
        "feel": "felt",
        "fight": "fought",
        "find": "found",
        "fly": "flew flown",
        "forbid": "forbade forbidden",
        "forget": "forgot forgotten",
        "get": "got gotten",
        "give": "gave given",
        "go": "went gone goes",
        "grow": "grew grown",
        "hold": "held",
        "keep": "kept",
        "know": "knew known",
        "lead": "led",
        "leave": "left",
        "lose": "lost",
        "make": "made",
        "mean": "meant",
        "meet": "met",
        "pay": "paid",
        "rise": "rose risen",
        "run": "ran",
        "say": "said says",
        "see": "saw seen",
        "sell": "sold",
        "send": "sent",
        "shoot": "shot",
        "shrink": "shrank shrunk",
        "sing": "sang sung",
        "sit": "sat",
        "speak": "spoke spoken",
        "spend": "spent",
        "stand": "stood",
        "steal": "stole stolen",
        "strike": "struck",
        "take": "took taken",
        "teach": "taught",
        "tell": "told",
        "think": "thought",
        "throw": "threw thrown",
        "understand": "understood",
        "wear": "wore worn",
        "win": "won",
        "write": "wrote written",
        "man": "men",
        "woman": "women",
        "child": "children",
        "person": "people",
        "die": "dying",
        "good": "better best",
        "bad": "worse worst",
    }.items()
    for form in forms.split()
}

SPEECH = frozenset(
    words("""say tell state add note announce claim report argue explain warn declare insist
        comment remark write describe suggest acknowledge admit recall reply respond
        mention stress emphasize emphasise point observe conclude believe think confirm
        deny reject""")
)
