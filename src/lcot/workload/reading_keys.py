"""Reading the keys of a config.json: each asked for once, checked, and none left over that nobody understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from lcot.errors import DomainError, ParseError

LARGEST = 10**8  # no width, count or length of any model is larger

# keys that change neither sizes, bytes nor steps
IRRELEVANT = frozenset(
    re.findall(
        r"\S+",
        """
        _attn_implementation _commit_hash _name_or_path activation_dropout activation_function add_bos_token
        add_cross_attention apply_residual_connection_post_layernorm architectures attention_dropout
        attention_probs_dropout_prob attention_softmax_in_fp32 attn_implementation attn_pdrop attn_scale
        attn_temperature_tuning auto_map aux_loss_alpha bad_words_ids begin_suppress_tokens bias_dropout_fusion
        boi_token_id boi_token_index bos_token_id cache_implementation chunk_size chunk_size_feed_forward
        classifier_dropout cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample
        dropout dtype dual_chunk_attention_config early_stopping embd_pdrop embedding_dropout
        encoder_no_repeat_ngram_size eoi_token_id eoi_token_index eos_token_id ep_size
        exponential_decay_length_penalty final_logit_softcapping finetuning_task floor_scale for_llm_compressor
        forced_bos_token_id forced_eos_token_id fused_add_norm gradient_checkpointing hc_eps hc_sinkhorn_iters
        hidden_act hidden_activation hidden_dropout hidden_dropout_prob id2label image_seq_length image_token_id
        image_token_index init_std initial_context_length initializer_range input_jitter_noise is_decoder
        is_encoder_decoder keys_to_ignore_at_inference label2id language_model_only layer_norm_eps
        layer_norm_epsilon layerdrop length_penalty lm_head_dropout logits_soft_cap mamba_hidden_act
        masked_softmax_fusion max_length max_window_layers media_placeholder_token_id min_length mlp_hidden_act
        mm_tokens_per_image model_max_length moe_router_dtype n_group no_repeat_ngram_size norm_eps norm_epsilon
        norm_topk_prob num_beam_groups num_beams num_logits_to_keep num_return_sequences offset_alibi
        original_max_position_embeddings output_attentions output_hidden_states output_router_logits
        output_scores pad_token_id partial_rotary_factor pixel_shuffle_ratio prefix pretraining_tp problem_type
        projection_hidden_act pruned_heads query_pre_attn_scalar remove_invalid_values repetition_penalty
        rescale_prenorm_residual resid_dropout resid_pdrop residual_dropout residual_in_fp32 return_dict
        return_dict_in_generate rms_norm rms_norm_eps rope_interleave rope_interleaved rope_local_base_freq
        rope_parameters rope_ratio rope_scaling rope_theta rotary rotary_base rotary_dim routed_scaling_factor
        router_aux_loss_coef router_dtype router_jitter_noise scale_attn_weights scoring_func sep_token_id
        seq_aux seq_length skip_bias_add skip_bias_add_qkv slow_but_exact summary_activation
        summary_first_dropout summary_proj_to_labels summary_type summary_use_proj suppress_tokens swiglu_limit
        task_specific_params temperature text_config_dtype tf_legacy_loss tie_encoder_decoder time_step_floor
        time_step_init_scheme time_step_limit time_step_max time_step_min time_step_scale tokenizer_class top_k
        top_p topk_group topk_method torch_dtype torchscript transformers_version typical_p unk_token_id
        use_bfloat16 use_cache use_mamba_kernels use_pretrained_backbone use_timm_backbone video_token_id
        vision_end_token_id vision_feature_layer vision_feature_select_strategy vision_start_token_id
        vision_token_id
        """,
    )
)


class Keys:
    """The keys of one configuration, asked for one by one.

    `finish` raises for a key that was neither asked for nor known to be irrelevant: such a key may change the cost.
    """

    def __init__(self, config: Mapping[str, Any], file: str, prefix: str = "") -> None:
        self._config, self.file, self.prefix = config, file, prefix
        self._used: set[str] = set()

    def with_defaults(self, defaults: Mapping[str, Any]) -> Keys:
        """The same keys, with values for those that are absent; what is used there is used here."""
        inside = Keys({**defaults, **{k: v for k, v in self._config.items() if v is not None}}, self.file, self.prefix)
        inside._used = self._used
        return inside

    def _where(self, key: str) -> str:
        return f"{self.file}: {self.prefix}{key}"

    def has(self, key: str) -> bool:
        """Whether the configuration has a value that is not null."""
        return self._config.get(key) is not None

    def raw(self, key: str) -> Any:
        """The value as it stands, None where absent; counts as understood."""
        self._used.add(key)
        return self._config.get(key)

    def skip(self, *keys: str) -> None:
        """Mark keys as understood and without effect here."""
        self._used.update(keys)

    def must_be(self, key: str, *allowed: object) -> None:
        """Refuse any value but these (or absence): others would change the model in a way that is not counted."""
        value = self.raw(key)
        if value is not None and value not in allowed:
            raise DomainError(key, value, " or ".join(map(repr, allowed)), f"{self.file}: {self.prefix}{key}")

    def integer(self, *keys: str, default: int | None = None, least: int = 1, most: int = LARGEST) -> int:
        """A whole number under the first of ``keys`` that is there; the others must agree."""
        found: dict[str, int] = {}
        for key in keys:
            value = self.raw(key)
            if value is None:
                continue
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ParseError(self.file, f"{value!r} is not a whole number", key=self.prefix + key)
            if not least <= value <= most:
                raise DomainError(key, value, f"{least} to {most}", self._where(key))
            found[key] = value
        if not found:
            if default is None:
                raise ParseError(self.file, "missing", key=self.prefix + keys[0], allowed="a whole number")
            return default
        if len(set(found.values())) > 1:
            raise ParseError(self.file, f"keys disagree: {found}", key=self.prefix + keys[0])
        return next(iter(found.values()))

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ParseError(self.file, f"{value!r} is neither true nor false", key=self.prefix + key)
        return value

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise ParseError(self.file, f"{value!r} is not a text", key=self.prefix + key)
        return value

    def items(self, key: str, kind: type, length: int | None = None) -> list[Any] | None:
        """A list of values of one kind, of ``length`` where given; None where absent."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise ParseError(self.file, f"{value!r} is not a list", key=self.prefix + key)
        entries = cast("list[Any]", value)
        for entry in entries:
            if not isinstance(entry, kind) or (kind is int and isinstance(entry, bool)):
                raise ParseError(self.file, f"{entry!r} in the list is not of kind {kind.__name__}", key=key)
        if length is not None and len(entries) != length:
            raise ParseError(self.file, f"{len(entries)} entries for {length} layers", key=self.prefix + key)
        return entries

    def section(self, key: str) -> Keys | None:
        """The keys of a mapping inside; None where absent."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise ParseError(self.file, f"{value!r} is not a mapping", key=self.prefix + key)
        return Keys(cast("Mapping[str, Any]", value), self.file, f"{self.prefix}{key}.")

    def finish(self) -> None:
        """Raise for the first key that was not understood."""
        left = sorted(k for k in self._config if k not in self._used and k not in IRRELEVANT)
        left = [k for k in left if self._config[k] is not None]
        if left:
            raise ParseError(
                self.file,
                "this key is not understood, and it may change the cost"
                + (f" (so may {', '.join(left[1:6])})" if len(left) > 1 else ""),
                key=self.prefix + left[0],
            )
