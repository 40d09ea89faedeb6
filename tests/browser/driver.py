"""A headless Chromium with the few verbs that the tests need."""

import base64
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import tools

# Without the last four, the browser itself looks for updates and for its maker's hosts at every start.
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--hide-scrollbars",  # as on a phone, where they take no room
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
os.environ |= {
    "SE_OFFLINE": "true",
    "SE_AVOID_STATS": "true",
}  # selenium must neither fetch nor report anything
WIDE, NARROW = 1280, 360  # px: a laptop, a small phone
A4 = (8.27, 11.69)  # inches


class Browser:
    """A browser with one tab. Scripts of the tests run beside the page, outside its content policy."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        # The page has the focus although no window of this browser is in front, also after the last Tab.
        driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def open(self, page: Path, width: int = WIDE, anchor: str = "") -> None:
        """Open a page in a window of some width; what was logged before is forgotten."""
        self.resize(width)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(page.as_uri() + anchor)

    def resize(self, width: int) -> None:
        """Give the page a viewport of some width; a real window cannot be as narrow as a phone."""
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def medium(self, name: str, scheme: str = "light") -> None:
        """Show the page as on ``screen``, or as in ``print``, to a reader who prefers ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": name, "features": features})

    def console(self) -> list[str]:
        """Return what the console has said since the page was opened."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Return the addresses asked for since the page was opened, without data: addresses."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [
            params["request"]["url"] for params in sent if not params["request"]["url"].startswith("data:")
        ]

    def run(self, name: str, *arguments: object) -> object:
        """Run ``scripts/<name>.js`` in the page and return what it returns; it may wait for a promise."""
        return self.driver.execute_script(_script(name), *arguments)

    def load(self, script: Path) -> None:
        """Run a script of a package beside the page."""
        self.driver.execute_script(script.read_text("utf-8"))

    def find(self, selector: str) -> list[WebElement]:
        """Return the elements that match."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        """Press keys one after another, wherever the focus is."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def tab(self, times: int = 1) -> None:
        """Press Tab some times."""
        self.press(Keys.TAB * times)

    def print(self) -> PdfReader:
        """Print the page on A4 paper and return the document."""
        options = {
            "paperWidth": A4[0],
            "paperHeight": A4[1],
            "printBackground": True,
            "preferCSSPageSize": True,
        }
        printed = self.driver.execute_cdp_cmd("Page.printToPDF", options)
        return PdfReader(io.BytesIO(base64.b64decode(printed["data"])))


@cache
def _script(name: str) -> str:
    return (Path(__file__).parent / "scripts" / f"{name}.js").read_text("utf-8")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the installed Chromium with an empty profile; end it and its driver."""
    options = webdriver.ChromeOptions()
    options.binary_location = tools.find(tools.CHROMIUM) or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", *["--no-sandbox"] * root):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=tools.find(tools.DRIVER))
        driver = webdriver.Chrome(options=options, service=service)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
