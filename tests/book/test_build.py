"""The known ways in which a broken book looks fine: each one must fail here."""

import json

import build_book


def page(project) -> str:
    built = project / "_build" / "html" / "book" / "part-1-the-system" / "02-tiny.html"
    return built.read_text("utf-8")


def edit_cell(project, source):
    path = project / "book" / "part-1-the-system" / "02-tiny.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["cells"][2]["source"] = source
    path.write_text(json.dumps(notebook), "utf-8")


def test_a_broken_notebook_fails_the_build_every_time(tiny_project, run_in):
    edit_cell(tiny_project, "print(tinylib.ANSWERS)")
    first, second = run_in("build_book.py"), run_in("build_book.py")
    assert first.returncode != 0, first.stdout[-2000:]
    assert second.returncode != 0, second.stdout[-2000:]
    assert "AttributeError" in second.stdout + second.stderr


def test_a_change_in_code_or_data_reaches_the_page(tiny_project, run_in):
    first = run_in("build_book.py")
    assert first.returncode == 0, first.stdout[-2000:] + first.stderr[-2000:]
    assert "the answer: first" in page(tiny_project)

    (tiny_project / "emolib" / "tinylib" / "__init__.py").write_text('ANSWER = "new"\n')
    second = run_in("build_book.py")
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr[-2000:]
    assert "every notebook runs again" in second.stdout
    assert "the answer: new" in page(tiny_project)

    third = run_in("build_book.py")
    assert third.returncode == 0
    assert "every notebook runs again" not in third.stdout


def test_a_warning_fails_the_build(tiny_project, run_in):
    intro = tiny_project / "book" / "intro.md"
    intro.write_text("# Tiny\n\n[nowhere](no-such-page.md)\n", "utf-8")
    assert run_in("build_book.py").returncode != 0


def test_a_path_that_misleads_the_cache_is_said_so(tiny_project, capsys):
    assert build_book.build(tiny_project.with_name("what?")) == 1
    assert "rename the folder" in capsys.readouterr().out
