"""Every table of published figures, by name: the single truth about what `data/raw` may hold."""

from tr_analysis.data.fields import Table
from tr_analysis.data.schemas import outcomes, register

_NAMED = (*vars(outcomes).values(), *vars(register).values())
TABLES: dict[str, Table] = {table.name: table for table in _NAMED if isinstance(table, Table)}
