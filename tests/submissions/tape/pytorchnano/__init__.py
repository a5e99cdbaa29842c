"""pytorchnano: a small neural network library on an array autodiff tape."""
