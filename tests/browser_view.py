"""Load a page in QtWebEngine (Chromium) without a screen and print what it shows, as JSON.

    python tests/browser_view.py PAGE.html SCREENSHOT.png WIDTH [light|dark]

Needs PyQt6-WebEngine. Runs as a process of its own: Qt keeps threads until the process ends.
"""

import json
import os
import sys
from pathlib import Path

SCREEN_PX = 900
MAX_SCREENS = 40

_MEASURE = """
JSON.stringify({
  images: document.images.length,
  broken: [...document.images].filter(image => !image.naturalWidth).length,
  pictures: [...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().height),
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  height: document.documentElement.scrollHeight,
  dead: [...document.querySelectorAll('a[href^="#"]')]
    .filter(link => !document.querySelector(link.getAttribute('href'))).length,
  headings: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]
    .map(h => [Number(h.tagName[1]), h.innerText, h.getBoundingClientRect().height]),
  rows: [...document.querySelectorAll('tbody tr')]
    .map(row => [row.innerText, row.getBoundingClientRect().height]),
  background: getComputedStyle(document.body).backgroundColor,
  ink: getComputedStyle(document.body).color,
})
"""
_SCROLL = """
window.painted = false;
window.scrollTo(0, %d);
requestAnimationFrame(() => requestAnimationFrame(() => { window.painted = true; }));
window.scrollY
"""


def main(page: Path, screenshot: Path, width_px: int, mode: str) -> None:
    """Print images, sizes, messages and addresses asked for; save the whole page as a picture."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    scheme = 0 if mode == "dark" else 1
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = (
        f"--no-sandbox --disable-gpu --blink-settings=preferredColorScheme={scheme}"
    )
    from PyQt6.QtCore import QTimer, QUrl
    from PyQt6.QtGui import QImage, QPainter
    from PyQt6.QtWebEngineCore import (
        QWebEnginePage,
        QWebEngineSettings,
        QWebEngineUrlRequestInterceptor,
    )
    from PyQt6.QtWebEngineWidgets import QWebEngineView
    from PyQt6.QtWidgets import QApplication

    seen: dict = {"messages": [], "addresses": []}

    class Recorder(QWebEngineUrlRequestInterceptor):
        def interceptRequest(self, info):
            if info.requestUrl().scheme() != "data":
                seen["addresses"].append(info.requestUrl().toString())

    class Page(QWebEnginePage):
        def javaScriptConsoleMessage(self, _level, message, _line, _source):
            seen["messages"].append(message)

    app = QApplication(sys.argv[:1])
    view, recorder = QWebEngineView(), Recorder()
    view.setPage(Page(view))
    view.settings().setAttribute(QWebEngineSettings.WebAttribute.ShowScrollBars, False)
    view.page().setUrlRequestInterceptor(recorder)
    view.resize(width_px, SCREEN_PX)
    view.show()
    screens: list = []

    def save() -> None:
        height = min(seen["height"], MAX_SCREENS * SCREEN_PX)
        whole = QImage(width_px, height, QImage.Format.Format_RGB32)
        painter = QPainter(whole)
        for top, picture in screens:
            painter.drawImage(0, top, picture)
        painter.end()
        whole.save(str(screenshot))
        app.quit()

    def scroll() -> None:
        top = len(screens) * SCREEN_PX
        if top >= seen["height"] or len(screens) == MAX_SCREENS:
            save()
        else:
            view.page().runJavaScript(_SCROLL % top, await_paint)

    def await_paint(top: float) -> None:
        def look(is_painted: bool) -> None:
            if is_painted:
                keep_when_still(round(top), view.grab().toImage(), tries=0)
            else:
                await_paint(top)

        QTimer.singleShot(40, lambda: view.page().runJavaScript("window.painted", look))

    def keep_when_still(top: int, before: QImage, tries: int) -> None:
        """Keep a screen that no longer changes and is not yet the last one's."""

        def compare() -> None:
            now = view.grab().toImage()
            is_new = not screens or now != screens[-1][1]
            if (now == before and is_new) or tries == 30:
                screens.append((top, now))
                scroll()
            else:
                keep_when_still(top, now, tries + 1)

        QTimer.singleShot(100, compare)

    def measured(text: str) -> None:
        seen.update(json.loads(text))
        scroll()

    view.loadFinished.connect(lambda _ok: view.page().runJavaScript(_MEASURE, measured))
    view.load(QUrl.fromLocalFile(str(page.resolve())))
    QTimer.singleShot(500_000, app.quit)
    app.exec()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    mode = sys.argv[4] if len(sys.argv) > 4 else "light"
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), mode)
