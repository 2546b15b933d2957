"""Texts as people write them: few words are frequent, most are rare (Zipf's law)."""

import random
from itertools import accumulate

VOCABULARY_WORDS = 30_000
# The most frequent words, in this order.
HEAD = (
    "api image email token user data request cache queue file webhook database auth "
    "session payment search upload event log text json stream rate limit worker cron "
    "invoice report chart calendar chat message notify signup password secret header "
    "cookie proxy redirect router parser encoder hash digest cursor page table column "
    "index vector model prompt resize crop convert compress archive backup restore "
    "import export sync merge diff patch retry backoff timeout health metric trace "
    "alert billing coupon cart order stock shipping address geo map weather currency "
    "language translate audio video thumbnail font color theme form field schema"
).split()
# Two words of known frequency, for queries.
COMMON, COMMON_SHARE = "universal", 0.2
RARE, RARE_FUNCTIONS = "quixotic", 100
SYLLABLES = (
    "ba be bo ca ce co da de di do fa fe fo ga go ka ke ko la le li lo ma me mi mo na "
    "ne ni no pa pe pi po ra re ri ro sa se si so ta te ti to va ve vi vo za ze zo"
).split()


class Words:
    """A seeded source of words. The same seed gives the same texts."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self.vocabulary = _vocabulary()
        weights = [1 / (rank + 2.7) for rank in range(len(self.vocabulary))]
        self._weights = list(accumulate(weights))

    def begin_again(self, seed: str) -> None:
        """Continue with the texts of another seed."""
        self._random = random.Random(seed)

    def some(self, count: int) -> list[str]:
        """``count`` words by their frequency. A word may come twice."""
        return self.weighted(self.vocabulary, self._weights, count)

    def sentence(self, count: int) -> str:
        return " ".join(self.some(count)).capitalize() + "."

    def slug(self) -> str:
        """Two or three words. The first is any word with the same probability."""
        first = self._random.choice(self.vocabulary)
        return "-".join([first, *self.some(self._random.choice((1, 1, 2)))])

    def tags(self) -> list[str]:
        """Up to five different tags."""
        return sorted({word for word in self.some(5) if len(word) < 9} or {"api"})

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def popularity(self, most: int) -> int:
        """A number of installs or stars. Most are 0, few are large."""
        return min(most, int(self._random.paretovariate(0.7)) - 1)

    def bits(self, count: int) -> int:
        return self._random.getrandbits(count)

    def weighted(self, items, cum_weights: list[int], count: int = 1) -> list:
        """``count`` of ``items`` by their weights."""
        return self._random.choices(items, cum_weights=cum_weights, k=count)

    def pick(self, items):
        """One of ``items``. The first ones are more frequent."""
        return items[min(int(self._random.expovariate(0.5)), len(items) - 1)]


def _vocabulary() -> list[str]:
    made = random.Random(1)
    words = dict.fromkeys(HEAD)
    while len(words) < VOCABULARY_WORDS:
        words["".join(made.choices(SYLLABLES, k=made.choice((2, 3, 3, 4))))] = None
    return list(words)
