"""The demo's landing folder: a real year of retail, and around it what the real data lacks.

Real are the purchases, products, demographics and coupon campaigns of The Complete Journey (2,469
households, 2017). Simulated, from one seed, are the people behind the households, their dirty CRM
records, shop logins, web visits, e-mail and consent. The moment of the demo is `AS_OF`.
"""

from audiencekit.demo.chance import AS_OF
from audiencekit.demo.landing import write_demo_landing

__all__ = ["AS_OF", "write_demo_landing"]
