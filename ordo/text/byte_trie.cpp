#include "ordo/text/byte_trie.h"

namespace ordo::text {

ByteTrie::ByteTrie() : root_(256, kNone), values_(1, kNone), slots_(64), mask_(63) {}

void ByteTrie::insert(std::uint64_t key, std::uint32_t node) {
  std::size_t at = place(key);
  while (slots_[at].node != kNone) at = (at + 1) & mask_;
  slots_[at] = {key, node};
}

void ByteTrie::add(std::string_view bytes, std::uint32_t value) {
  std::uint32_t node = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    std::uint32_t next = child(node, byte);
    if (next == kNone) {
      next = static_cast<std::uint32_t>(values_.size());
      values_.push_back(kNone);
      if (node == 0) {
        root_[byte] = next;
      } else {
        if (++used_ * 2 > slots_.size()) {
          std::vector<Slot> old(slots_.size() * 2);
          old.swap(slots_);
          mask_ = slots_.size() - 1;
          for (const Slot& slot : old) {
            if (slot.node != kNone) insert(slot.key, slot.node);
          }
        }
        insert(std::uint64_t{node} << 8 | byte, next);
      }
    }
    node = next;
  }
  values_[node] = value;
}

}  // namespace ordo::text
