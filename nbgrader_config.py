"""nbgrader's configuration of this course. The folder that holds this file is the course."""

c = get_config()  # noqa: F821  (traitlets puts it there)

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"
c.GenerateAssignment.post_convert_hook = "grader.nbgrader_plugin.add_checks"

# Submissions are rebuilt from the released notebook, run in our sandbox, and compared outside of it.
c.Autograde.sanitize_preprocessors = ["grader.nbgrader_plugin.Rebuild"]
c.Autograde.autograde_preprocessors = [
    "grader.nbgrader_plugin.Grade",
    "nbgrader.preprocessors.SaveAutoGrades",
    "grader.nbgrader_plugin.SaveHints",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What students write is shown in the instructor's browser, and their names in a spreadsheet.
c.HTMLExporter.filters = {"markdown2html": "grader.nbgrader_plugin.formgrader.harmless_markdown"}
c.HTMLExporter.preprocessors = ["grader.nbgrader_plugin.formgrader.escape_names"]
c.ExportApp.plugin_class = "grader.nbgrader_plugin.grades_csv.QuotedCsv"
