"""What every HTML page of the package keeps to."""

import re
from html.parser import HTMLParser

_VOID = {"meta", "img", "br", "link", "input", "hr"}
_LOADING = {"src", "href", "xlink:href", "srcset", "poster", "data", "action", "background"}


class _Checker(HTMLParser):
    """Collects ids, addresses, headings and unbalanced elements."""

    def __init__(self) -> None:
        super().__init__()
        self.stack, self.ids, self.addresses, self.unbalanced = [], [], [], []
        self.levels, self.unlabelled, self.unscoped = [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in _VOID:
            self.stack.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        self.addresses += [value for key, value in attrs if key in _LOADING]
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if (tag == "img" and not values.get("alt")) or (
            tag == "svg" and not (values.get("role") == "img" and values.get("aria-label"))
        ):
            self.unlabelled.append(values)
        if tag == "th" and "scope" not in values:
            self.unscoped.append(values)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.unbalanced.append(tag)


def check_page(page: str) -> None:
    """Assert balanced elements, no outside address, live links, and names for all pictures."""
    checker = _Checker()
    checker.feed(page)
    assert checker.unbalanced == []
    assert checker.stack == []
    assert len(set(checker.ids)) == len(checker.ids)

    assert checker.addresses
    assert all(address.startswith(("data:image/", "#")) for address in checker.addresses)
    assert re.search(r"url\((?!#)|@import|<script|<link|<iframe", page) is None
    targets = set(re.findall(r"url\(#([^)]+)\)", page))
    targets |= {address[1:] for address in checker.addresses if address.startswith("#")}
    assert targets <= set(checker.ids)

    assert checker.unlabelled == []
    assert checker.unscoped == []
    assert checker.levels[0] == 1
    assert checker.levels.count(1) == 1
    steps = zip(checker.levels, checker.levels[1:], strict=False)
    assert all(level <= before + 1 for before, level in steps)
