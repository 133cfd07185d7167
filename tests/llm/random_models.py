"""Models of random weights, made on the spot: real in every part but what they have learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.llm.helpers import BRIDGE, HARBOUR

CONTEXT_TOKENS = 2048
WIDTH, FEED_FORWARD, LAYERS, HEADS = 32, 64, 2, 2
TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>\n{% endfor %}"
    "<s>assistant\n"
)


def write_transformers_model(folder: Path, *, template: str | None = TEMPLATE) -> Path:
    """A tiny Llama in the format of transformers, its tokenizer trained on a few lines."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet,
        show_progress=False,
    )  # fmt: skip
    pieces.train_from_iterator([HARBOUR, BRIDGE], trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, bos_token="<s>", eos_token="</s>", pad_token="</s>"
    )
    tokenizer.chat_template = template
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=FEED_FORWARD,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT_TOKENS, bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_gguf_model(path: Path) -> Path:
    """A tiny Llama as a GGUF file whose vocabulary is words of the corpus and all bytes."""
    from gguf import GGUFWriter, TokenType

    words = [f"▁{word}" for word in sorted(set(f"{HARBOUR} {BRIDGE}".split()))]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *words]
    kinds = [TokenType.UNKNOWN, TokenType.CONTROL, TokenType.CONTROL]
    kinds += [TokenType.BYTE] * 256 + [TokenType.NORMAL] * (1 + len(words))
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT_TOKENS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [-1.0] * (len(tokens) - 259))
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)
    for name, array in _weights(len(tokens)):
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _weights(vocabulary: int) -> list[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(7)
    shapes = {"token_embd": (vocabulary, WIDTH), "output": (vocabulary, WIDTH)}
    for layer in range(LAYERS):
        square = {f"blk.{layer}.attn_{part}": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")}
        wide = {f"blk.{layer}.ffn_{part}": (FEED_FORWARD, WIDTH) for part in ("gate", "up")}
        shapes |= square | wide | {f"blk.{layer}.ffn_down": (WIDTH, FEED_FORWARD)}
    norms = ["output_norm"]
    norms += [f"blk.{n}.{part}_norm" for n in range(LAYERS) for part in ("attn", "ffn")]
    random = [(name, rng.normal(0, 0.5, shape)) for name, shape in shapes.items()]
    ones = [(name, np.ones(WIDTH)) for name in norms]
    return [(f"{name}.weight", array.astype(np.float32)) for name, array in random + ones]
