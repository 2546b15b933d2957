"""How often one client may ask: fixed windows, counted in this process's cache.

Sign-in has its own limits (allauth), which all processes share.
"""

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.conf import settings
from django.core.cache import caches

TRANSLATED = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Limit:
    """``count`` requests in ``seconds``, named for the RateLimit headers."""

    name: str
    count: int
    seconds: int


@dataclass(frozen=True)
class Usage:
    limit: Limit
    used: int
    resets_in: int  # seconds

    @property
    def is_over(self) -> bool:
        return self.used > self.limit.count

    @property
    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers-10; of a 429 Retry-After too."""
        limit = self.limit
        left = max(0, limit.count - self.used)
        wait = {"Retry-After": str(self.resets_in)} if self.is_over else {}
        return wait | {
            "RateLimit": f'"{limit.name}";r={left};t={self.resets_in}',
            "RateLimit-Policy": f'"{limit.name}";q={limit.count};w={limit.seconds}',
        }

    @property
    def wait(self) -> str:
        """Until it is over, for people."""
        seconds = self.resets_in
        if seconds <= 120:
            return f"{seconds} second{'' if seconds == 1 else 's'}"
        return f"{math.ceil(seconds / 60)} minutes"


def count(limit: Limit, client: str, cost: int = 1) -> Usage | None:
    """Count one request of ``client``. None when limits are off (RATE_LIMITS=0).

    cost: what counts for more or less than one; 0 only looks.
    """
    if not settings.RATE_LIMITS:
        return None
    now = int(time.time())
    window, passed = divmod(now, limit.seconds)
    cache, key = caches["local"], f"limit:{limit.name}:{client}:{window}"
    cache.add(key, 0, timeout=limit.seconds * 2)
    try:
        used = cache.incr(key, cost)
    except ValueError:  # evicted between the two calls
        used = cost
    return Usage(limit, used, limit.seconds - passed)


def client_ip(request) -> str:
    """The client's address; X-Forwarded-For counts only from a trusted proxy.

    "0.0.0.0" when there is none, as behind a server on a local socket.
    """
    return _address(_sent_from(request))


def client_address(request) -> str:
    """What one client is known by when requests are counted.

    For IPv6 that is its /64: one customer holds at least that many addresses. An IPv6
    address that stands for an IPv4 one counts as that.
    """
    return _network(_sent_from(request))


def _sent_from(request) -> str:
    address = request.META.get("REMOTE_ADDR", "")
    if _address(address) in settings.TRUSTED_PROXIES:
        # The last entry is the one our own proxy wrote.
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        return forwarded.rpartition(",")[2].strip() or address
    return address


@lru_cache(maxsize=1_000)
def _address(sent: str) -> str:
    try:
        parsed = ip_address(sent)
    except ValueError:
        return "0.0.0.0"
    return str(_embedded(parsed) or parsed)


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: as a socket for both kinds
    shows it (::ffff:192.0.2.1), translated (64:ff9b::192.0.2.1, RFC 6052) or as a
    tunnel (2002:c000:201::, RFC 3056). Its /64 would be everyone's, or one of 65,536.
    """
    if address.version == 4:
        return None
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


@lru_cache(maxsize=1_000)
def _network(sent: str) -> str:
    parsed = ip_address(_address(sent))
    if parsed.version == 6:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)
