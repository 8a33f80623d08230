"""A Sphinx extension: load MathJax only on pages that have formulas themselves.

Sphinx also loads it on every page whose chapters have some, the landing page among
them, where it would be most of the bytes.
"""


def drop_needless_mathjax(app, pagename, templatename, context, doctree):
    """Take MathJax off a page without a formula."""
    equations = app.env.get_domain("math").data["has_equations"]
    if not equations.get(pagename, False) and "script_files" in context:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if "mathjax" not in str(getattr(script, "filename", script)).lower()
            and "window.MathJax"
            not in getattr(script, "attributes", {}).get("body", "")
        ]


def setup(app):
    """Register the extension; it runs after Sphinx and myst-nb added their scripts."""
    app.connect("html-page-context", drop_needless_mathjax, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
