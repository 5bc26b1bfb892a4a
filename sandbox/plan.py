"""What truly happens to the company: its pages, devices, releases and campaigns. The one source of every true effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

ELASTICITY = -0.35
"""True change of conversion, in percent, for one percent more LCP on the landing page."""

DEVICES = ("desktop", "mobile", "tablet")
DEVICE_SHARE = (0.52, 0.40, 0.08)
BASE_MS = {"desktop": 1900.0, "mobile": 3100.0, "tablet": 2400.0}
DEVICE_RATE = {"desktop": 0.076, "mobile": 0.037, "tablet": 0.058}
"""Purchases a session at an LCP of 2.5 s. Mobile buys less for reasons of its own: the Simpson trap, because it is slower, too."""

PAGES = ("/", "/pricing", "/product", "/blog/guide", "/signup", "/checkout")
LANDING_SHARE = (0.34, 0.14, 0.24, 0.22, 0.04, 0.02)
PAGE_FACTOR = {"/": 1.0, "/pricing": 0.92, "/product": 1.12, "/blog/guide": 0.86, "/signup": 0.8, "/checkout": 1.05}

CHANNELS = ("Organic Search", "Direct", "Paid Search", "Email", "Referral", "Paid Social")
CHANNEL_SHARE = (0.40, 0.22, 0.15, 0.09, 0.08, 0.06)
CHANNEL_RATE = {"Organic Search": 1.0, "Direct": 1.15, "Paid Search": 1.1, "Email": 1.4, "Referral": 0.9, "Paid Social": 0.6}
UNPAID = {"Organic Search": "(organic)", "Direct": "(direct)", "Referral": "(referral)"}
ALWAYS_ON = "(not set)"


@dataclass(frozen=True, slots=True)
class Release:
    """A version that goes live on the given day after the start and changes the median LCP on desktop by ms for each page."""

    project: str
    name: str
    day: int
    description: str
    effect_ms: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign from one day after the start to another (included): extra sessions a day, their devices and their intent."""

    name: str
    channel: str
    first: int
    last: int
    sessions_a_day: float
    device_share: tuple[float, float, float]
    rate: float

    def days(self, start: date) -> tuple[date, date]:
        """Return the first and the last day."""
        return start + timedelta(days=self.first), start + timedelta(days=self.last)


RELEASES = (
    Release("WEB", "WEB 2.0", 38, "New image pipeline for home and product", (("/", -240.0), ("/product", -300.0))),
    Release("APP", "APP 1.4", 66, "Saved carts"),
    Release("WEB", "WEB 2.1", 94, "Personalised hero on the home page", (("/", 380.0),)),
    Release("WEB", "WEB 2.2", 136, "Hero rendered on the server", (("/", -330.0), ("/pricing", -180.0))),
    Release("APP", "APP 1.5", 164, "Consent banner by a third party", (("/blog/guide", 290.0), ("/product", 250.0))),
    Release("WEB", "WEB 2.3", 206, "Fonts served from our own host", (("/blog/guide", -260.0),)),
    Release("APP", "APP 1.6", 248, "New checkout", (("/checkout", -350.0),)),
    Release("WEB", "WEB 2.4", 290, "Product videos", (("/product", 410.0),)),
    Release("WEB", "WEB 2.5", 332, "Videos load when they are played", (("/product", -460.0), ("/", -120.0))),
    Release("APP", "APP 1.7", 360, "Team accounts"),
    Release("WEB", "WEB 2.6", 402, "Edge cache for pricing and blog", (("/pricing", -260.0), ("/blog/guide", -200.0))),
    Release("APP", "APP 1.8", 437, "Launch of the partner portal"),
    Release("WEB", "WEB 2.7", 458, "Next navigation"),
    Release("WEB", "WEB 2.8", 500, "New search"),
    Release("APP", "APP 1.9", 545, "Offline mode"),
)

CAMPAIGNS = (
    Campaign("spring-search", "Paid Search", 50, 77, 22.0, (0.6, 0.34, 0.06), 1.05),
    Campaign("reach-social", "Paid Social", 150, 177, 70.0, (0.05, 0.92, 0.03), 0.25),
    Campaign("autumn-mail", "Email", 230, 243, 30.0, (0.62, 0.32, 0.06), 1.6),
    Campaign("brand-search", "Paid Search", 300, 341, 26.0, (0.55, 0.38, 0.07), 1.1),
    Campaign("black-week-mail", "Email", 412, 425, 40.0, (0.6, 0.34, 0.06), 1.7),
)
