#pragma once

namespace kv {

/// Builds a visitor for std::visit from lambdas.
template <typename... Callables>
struct Overloaded : Callables... {
  using Callables::operator()...;
};
template <typename... Callables>
Overloaded(Callables...) -> Overloaded<Callables...>;

}  // namespace kv
