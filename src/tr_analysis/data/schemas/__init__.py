"""Every table of published figures, by name: the single truth about what `data/raw` may hold."""

from tr_analysis.data.fields import Table
from tr_analysis.data.schemas.outcomes import OUTCOMES
from tr_analysis.data.schemas.register import REGISTER

TABLES: dict[str, Table] = {t.name: t for t in (*OUTCOMES, *REGISTER)}
