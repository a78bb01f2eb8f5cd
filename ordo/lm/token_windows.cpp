#include "ordo/lm/token_windows.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::lm {

std::vector<std::int64_t> join_documents(const std::vector<std::vector<std::int64_t>>& documents,
                                         std::int64_t end) {
  std::vector<std::int64_t> tokens;
  for (const auto& document : documents) {
    tokens.insert(tokens.end(), document.begin(), document.end());
    tokens.push_back(end);
  }
  return tokens;
}

TokenWindows::TokenWindows(std::span<const std::int64_t> tokens, std::int64_t length)
    : length_(length),
      count_(tokens.empty() || length < 1
                 ? 0
                 : (static_cast<std::int64_t>(tokens.size()) - 1) / length) {
  if (count_ == 0) {
    throw UsageError(fmt::format("{} tokens do not fill a window of {} and the token after it",
                                 tokens.size(), length));
  }
  tokens_ = torch::empty({count_ * length + 1}, torch::kInt32);
  auto* const to = tokens_.data_ptr<std::int32_t>();
  for (std::int64_t token = 0; token < tokens_.numel(); ++token) {
    to[token] = static_cast<std::int32_t>(tokens[static_cast<std::size_t>(token)]);
  }
}

TokenWindows::Batch TokenWindows::batch(std::span<const std::int64_t> windows) const {
  std::vector<torch::Tensor> rows;
  for (const std::int64_t window : windows) {
    rows.push_back(tokens_.narrow(0, window * length_, length_ + 1));
  }
  const torch::Tensor all = torch::stack(rows).to(torch::kInt64);
  return {all.narrow(1, 0, length_), all.narrow(1, 1, length_)};
}

}  // namespace ordo::lm
