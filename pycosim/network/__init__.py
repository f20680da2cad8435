"""PRODUCTS -> PERCEPTRON: multilayer perceptrons on exact or analog layers of one signature, data and training."""
