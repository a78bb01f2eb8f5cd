// What a file defines, by name, and whether its data types make sense.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {
namespace {

template <class Items>
auto look_up(const Items& items, const std::unordered_map<Symbol, std::size_t>& index, Symbol name)
    -> decltype(items.data()) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &items[found->second];
}

class DataChecker {
 public:
  DataChecker(const Terms& terms, const Module& module, const DataType& owner,
              Diagnostics& problems)
      : terms_(terms), module_(module), owner_(owner), problems_(problems) {}

  void check(const TypeSyntax& type) {
    if (type.kind == TypeSyntax::Kind::variable) {
      const auto& known = owner_.parameters;
      if (std::find(known.begin(), known.end(), type.name) == known.end()) {
        problems_.error(type.span, fmt::format("'{}' is no parameter of '{}'",
                                               terms_.text(type.name), terms_.text(owner_.name)));
      }
    }
    if (std::string problem = arity_problem(terms_, module_, type); !problem.empty())
      problems_.error(type.span, std::move(problem));
    for (const TypeSyntax& argument : type.arguments) check(argument);
    check(type.before);
    for (const ExitSyntax& exit : type.exits) check(exit.memory);
  }

 private:
  void check(const MemorySyntax& memory) {
    for (const StackSyntax& stack : memory) {
      for (const TypeSyntax& item : stack.items) check(item);
    }
  }

  const Terms& terms_;
  const Module& module_;
  const DataType& owner_;
  Diagnostics& problems_;
};

}  // namespace

void Module::add(Definition definition) {
  definition_index_.try_emplace(definition.name, definitions_.size());
  definitions_.push_back(definition);
}

void Module::add(DataType type) {
  data_index_.try_emplace(type.name, data_.size());
  for (const Constructor& made : type.constructors)
    constructor_index_.try_emplace(made.name, data_.size());
  data_.push_back(std::move(type));
}

const Definition* Module::find(Symbol name) const {
  return look_up(definitions_, definition_index_, name);
}
const DataType* Module::find_data(Symbol name) const { return look_up(data_, data_index_, name); }
const DataType* Module::data_of(Symbol constructor) const {
  return look_up(data_, constructor_index_, constructor);
}

std::string arity_problem(const Terms& terms, const Module& module, const TypeSyntax& type) {
  if (type.kind != TypeSyntax::Kind::data) return {};
  const DataType* declared = module.find_data(type.name);
  const std::string& name = terms.text(type.name);
  if (declared == nullptr) {
    return fmt::format("the type '{}' is not declared; 'data {} = ...' declares it", name, name);
  }
  const std::size_t wanted = declared->parameters.size(), found = type.arguments.size();
  if (wanted == found) return {};
  return fmt::format("'{}' takes {} parameter{}, not {}", name, wanted, wanted == 1 ? "" : "s",
                     found);
}

void check_data(const Terms& terms, const Module& module, std::size_t first,
                Diagnostics& problems) {
  for (std::size_t i = first; i < module.data().size(); ++i) {
    DataChecker checker(terms, module, module.data()[i], problems);
    for (const Constructor& made : module.data()[i].constructors) {
      for (const TypeSyntax& argument : made.arguments) checker.check(argument);
    }
  }
}

}  // namespace ordo::machine::fmc
