// Names for binders when terms are printed: a binder keeps its given name unless that name is in
// use, then it gets a number, so that no name ever shadows another.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ordo/machine/fmc_term.h"

namespace ordo::machine::fmc {

class Names {
 public:
  /// A word that no binder may be called.
  void reserve(std::string_view word) { used_.emplace(word); }
  /// The free names of a term, of which at most `limit` nodes are looked at.
  void reserve_free(const Terms& terms, TermId root, std::size_t limit = ~std::size_t{0});

  /// A name for a binder, kept from others until its scope closes.
  std::string choose(const Terms& terms, Symbol binder);
  void open(std::string name) { scope_.push_back(std::move(name)); }
  void close();
  /// The name of de Bruijn index `index`.
  std::string bound(std::uint32_t index) const;

 private:
  std::vector<std::string> scope_;
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace ordo::machine::fmc
