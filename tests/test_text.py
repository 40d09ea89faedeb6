from tr_analysis.text import headings, title_and_question

TEXT = "```\n# a comment\n```\n# Recall\n\nWhat did it do\nto recall?\n\nMore.\n## Answer \n~~~\n## no\n~~~"


def test_headings_are_not_looked_for_in_code():
    assert headings(TEXT) == ["# Recall", "## Answer"]


def test_the_question_is_the_paragraph_under_the_title():
    assert title_and_question(TEXT) == ("Recall", "What did it do to recall?")
    assert title_and_question("# Recall\n## Answer\nYes.") == ("Recall", "")
    assert title_and_question("No title") == ("", "")
