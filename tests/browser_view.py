"""Load a page in QtWebEngine (Chromium) without a screen and print what it shows, as JSON.

    python tests/browser_view.py PAGE.html SCREENSHOT.png WIDTH

Needs PyQt6-WebEngine. Runs as a process of its own: Qt keeps threads until the process ends.
"""

import json
import os
import sys
from pathlib import Path

_MEASURE = """
JSON.stringify({
  images: document.images.length,
  broken: [...document.images].filter(image => !image.naturalWidth).length,
  pictures: [...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().height),
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  height: document.documentElement.scrollHeight,
  dead: [...document.querySelectorAll('a[href^="#"]')]
    .filter(link => !document.querySelector(link.getAttribute('href'))).length,
})
"""


def main(page: Path, screenshot: Path, width_px: int) -> None:
    """Print images, sizes, messages and addresses asked for; save the whole page as a picture."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--no-sandbox --disable-gpu"
    from PyQt6.QtCore import QTimer, QUrl
    from PyQt6.QtWebEngineCore import QWebEnginePage, QWebEngineUrlRequestInterceptor
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
    view.page().setUrlRequestInterceptor(recorder)
    view.resize(width_px, 900)
    view.show()

    def save() -> None:
        view.grab().save(str(screenshot))
        app.quit()

    def measured(text: str) -> None:
        seen.update(json.loads(text))
        view.resize(width_px, min(seen["height"] + 10, 16_000))
        QTimer.singleShot(1500, save)  # a resized page is painted some frames later

    view.loadFinished.connect(lambda _ok: view.page().runJavaScript(_MEASURE, measured))
    view.load(QUrl.fromLocalFile(str(page.resolve())))
    QTimer.singleShot(60_000, app.quit)
    app.exec()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
