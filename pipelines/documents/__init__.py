"""Bytes to Document: paragraphs and table grids with locators, one module per file format.

Belongs here: sniffing, readers, their sandbox and limits, the Document and its JSON.
Does not belong here: any knowledge of budgets, forms or labels.
"""

from pipelines.documents.model import Cell, Document, Locator, Paragraph, Table

__all__ = ["Cell", "Document", "Locator", "Paragraph", "Table"]
