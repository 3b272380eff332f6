"""What pages share: frame, language, widgets, figures and the player. With app.py and pages/, all that knows Streamlit."""
