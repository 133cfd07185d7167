"""Colours and type of the page: system fonts only, one accent, light and dark."""

from __future__ import annotations

import gradio as gr

SANS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's plain theme in the page's own colours (the same as in frame.css)."""
    accent = gr.themes.Color(
        "#f1f6f3", "#dfece5", "#c1dacc", "#94bfa7", "#639d80", "#44805f", "#34694d", "#2b543f",
        "#244434", "#1f382c", "#101f18",
    )  # fmt: skip
    base = gr.themes.Base(
        primary_hue=accent, secondary_hue=accent, neutral_hue=gr.themes.colors.stone,
        font=SANS, font_mono=MONO, radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
    )  # fmt: skip
    return base.set(
        body_background_fill="#fbfaf7", body_background_fill_dark="#171614",
        body_text_color="#1f1d1a", body_text_color_dark="#ece8e1",
        block_background_fill="transparent", block_background_fill_dark="transparent",
        block_border_width="0px", block_shadow="none", block_label_background_fill="transparent",
        input_background_fill="#ffffff", input_background_fill_dark="#211f1c",
        input_border_color="#cfc8bb", input_border_color_dark="#4a453d",
        body_text_color_subdued="#5e594f",
        body_text_color_subdued_dark="#aca596",
        block_info_text_color="#5e594f",
        block_info_text_color_dark="#aca596",
        block_label_text_color="#5e594f",
        block_label_text_color_dark="#aca596",
        block_title_text_color="#5e594f",
        block_title_text_color_dark="#aca596",
        input_placeholder_color="#5e594f",
        input_placeholder_color_dark="#aca596",
        input_border_width="1px",
        button_primary_background_fill="#2b543f", button_primary_background_fill_dark="#94bfa7",
        button_primary_background_fill_hover="#1f382c",
        button_primary_background_fill_hover_dark="#c1dacc",
        button_primary_text_color="#ffffff", button_primary_text_color_dark="#101f18",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="#efece5",
        button_secondary_background_fill_hover_dark="#2a2723",
        button_secondary_text_color="#3b3832", button_secondary_text_color_dark="#d8d2c7",
        button_secondary_border_color="#cfc8bb", button_secondary_border_color_dark="#4a453d",
    )  # fmt: skip
