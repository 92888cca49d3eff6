"""What tests build their inputs with: reports as flattened text and as Word documents. Imports nothing of the pipelines."""
