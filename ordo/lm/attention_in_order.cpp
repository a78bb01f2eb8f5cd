#include "ordo/lm/attention_in_order.h"

#include <torch/torch.h>

#include "ordo/lm/attention_kernels.h"
#include "ordo/lm/composed_attention.h"
#include "ordo/lm/kernel_choice.h"
#include "ordo/tensor/parallel.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// A head of [rows, heads, length, size], its numbers next to each other.
kernels::HeadRows rows_of(const Tensor& heads, std::int64_t row, std::int64_t head) {
  return {heads.const_data_ptr<float>() + row * heads.stride(0) + head * heads.stride(1),
          heads.stride(2)};
}
kernels::MutableHeadRows mutable_rows_of(const Tensor& heads, std::int64_t row, std::int64_t head) {
  return {heads.mutable_data_ptr<float>() + row * heads.stride(0) + head * heads.stride(1),
          heads.stride(2)};
}

// In memory as [rows, length, heads, size], which joins heads without a copy.
Tensor like(const Tensor& heads) {
  return torch::empty({heads.size(0), heads.size(2), heads.size(1), heads.size(3)}, heads.options())
      .transpose(1, 2);
}

Tensor with_numbers_side_by_side(const Tensor& heads) {
  return heads.stride(-1) == 1 ? heads : heads.contiguous();
}

kernels::AttentionSize size_of(const Tensor& heads, double scale) {
  return {heads.size(2), heads.size(3), static_cast<float>(scale)};
}

// `logs` [rows, heads, length] may be undefined.
Tensor attended(const Tensor& query, const Tensor& keys, const Tensor& values, double scale,
                const Tensor& logs) {
  Tensor result = like(query);
  const std::int64_t count = query.size(1), group = count / keys.size(1), length = query.size(2);
  tensor::parallel_for(query.size(0) * count, 1, [&](std::int64_t begin, std::int64_t end) {
    kernels::AttentionMemory memory;
    for (std::int64_t place = begin; place < end; ++place) {
      const std::int64_t row = place / count, head = place % count;
      kernels::attend_in_order(
          size_of(query, scale), rows_of(query, row, head), rows_of(keys, row, head / group),
          rows_of(values, row, head / group), mutable_rows_of(result, row, head),
          logs.defined() ? logs.mutable_data_ptr<float>() + place * length : nullptr, memory);
    }
  });
  return result;
}

class AttentionInOrder : public torch::autograd::Function<AttentionInOrder> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& query, const Tensor& keys,
                        const Tensor& values, double scale) {
    const Tensor logs =
        torch::empty({query.size(0), query.size(1), query.size(2)}, query.options());
    Tensor result = attended(query, keys, values, scale, logs);
    context->save_for_backward({query, keys, values, result, logs});
    context->saved_data["scale"] = scale;
    return result;
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &query = saved[0], &keys = saved[1], &values = saved[2], &result = saved[3],
                 &logs = saved[4];
    const double scale = context->saved_data["scale"].toDouble();
    if (torch::GradMode::is_enabled()) {
      tensor_list all =
          composed_gradients(composed_attention(query, keys, values, {.in_order = true}, scale),
                             {query, keys, values}, gradients[0]);
      all.emplace_back();
      return all;
    }
    const Tensor error = with_numbers_side_by_side(gradients[0]);
    const Tensor dquery = like(query), dkeys = like(keys).zero_(), dvalues = like(values).zero_();
    const std::int64_t key_heads = keys.size(1), group = query.size(1) / key_heads;
    const auto* const all_logs = logs.const_data_ptr<float>();
    // The query heads that share a key head follow each other, so that sums have one order.
    tensor::parallel_for(query.size(0) * key_heads, 1, [&](std::int64_t begin, std::int64_t end) {
      kernels::AttentionMemory memory;
      for (std::int64_t place = begin; place < end; ++place) {
        const std::int64_t row = place / key_heads, key_head = place % key_heads;
        for (std::int64_t head = key_head * group; head < (key_head + 1) * group; ++head) {
          kernels::attend_in_order_backward(
              size_of(query, scale),
              {rows_of(query, row, head), rows_of(keys, row, key_head),
               rows_of(values, row, key_head), rows_of(result, row, head),
               rows_of(error, row, head), all_logs + (row * query.size(1) + head) * query.size(2)},
              mutable_rows_of(dquery, row, head), mutable_rows_of(dkeys, row, key_head),
              mutable_rows_of(dvalues, row, key_head), memory);
        }
      }
    });
    return {dquery, dkeys, dvalues, {}};
  }
};

}  // namespace

bool can_attend_in_order(const Tensor& query, const Tensor& keys, const Tensor& values) {
  return is_plain(query) && is_plain(keys) && is_plain(values) && query.size(2) == keys.size(2) &&
         query.size(3) % kernels::kHeadStep == 0 && query.numel() > 0;
}

Tensor attend_in_order(const Tensor& query, const Tensor& keys, const Tensor& values,
                       double scale) {
  const Tensor q = with_numbers_side_by_side(query), k = with_numbers_side_by_side(keys),
               v = with_numbers_side_by_side(values);
  return learns({q, k, v}) ? AttentionInOrder::apply(q, k, v, scale) : attended(q, k, v, scale, {});
}

}  // namespace ordo::lm
