"""How does a lab say that its story did not happen?"""


class LabFailedError(Exception):
    """The private network stood, but what the lab promises to show did not happen.

    `what`, `why` and `remedy` are for people, one line each.
    """

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(what, why, remedy)
        self.what = what
        self.why = why
        self.remedy = remedy
