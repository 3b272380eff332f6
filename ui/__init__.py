"""What pages share: frame, language, widgets, figures and the player. Only app.py, ui/ and pages/ know Streamlit."""
