"""Other words for the same thing, and the same words for another thing: each held against one criterion."""

import pytest

from autograder.answers.verdict import judge
from bench.rubrics import questions

QUESTIONS = questions()

SAID = {
    ("inline_two_layer_net_1", "sigmoid"): (
        "The sigmoid's derivative approaches zero when its input is large in absolute value.",
        "Sigmoid: for very positive or very negative inputs the curve flattens out.",
        "A sigmoid unit saturates for |x| >> 0, which kills the gradient.",
        "If the input to the sigmoid is far from zero, its slope is practically zero.",
    ),
    ("inline_two_layer_net_1", "relu"): (
        "ReLU has no gradient for negative values.",
        "The ReLU is flat left of 0.",
        "With ReLU, when x <= 0 the derivative is 0.",
        "ReLU: whenever the input is below zero the neuron is dead.",
    ),
    ("inline_two_layer_net_1", "leaky"): (
        "Leaky ReLU always has a slope of at least 0.1.",
        "The leaky ReLU never has a zero gradient, as negative inputs are multiplied by 0.1.",
        "Leaky ReLU does not have this problem since its derivative is nowhere zero.",
    ),
    ("inline_two_layer_net_2", "data"): (
        "1 and 3. More training data makes it harder for the network to overfit.",
        "1 and 3. With more data the model is forced to find patterns that generalize.",
        "1 and 3. A larger dataset is a better sample of the true distribution.",
    ),
    ("inline_two_layer_net_2", "regularization"): (
        "1 and 3. Regularization punishes big weights so the model gets simpler.",
        "1 and 3. A higher regularization strength constrains the model and prevents it from overfitting.",
        "1 and 3. Weight decay shrinks the weights, which leads to smoother functions.",
    ),
    ("inline_FullyConnectedNets_2", "which"): (
        "The deeper network is more sensitive.",
        "I think it's the five-layer net.",
        "The 5-layer network is a lot more sensitive to the scale than the 3-layer one.",
        "Five layers.",
        "The three-layer network is less sensitive.",
        "The network with five layers was harder to get right.",
    ),
    ("inline_FullyConnectedNets_2", "product"): (
        "The gradient is a product of many matrices, one per layer.",
        "Each additional layer multiplies the signal once more.",
        "The effect grows exponentially with the number of layers.",
        "In backprop we multiply by the weights at every layer.",
    ),
    ("inline_FullyConnectedNets_2", "signals"): (
        "The gradients vanish or explode.",
        "The activations shrink to zero when the scale is small.",
        "With large weights the outputs blow up.",
    ),
    ("inline_FullyConnectedNets_3", "sum"): (
        "The cache keeps growing because squared gradients are always added to it.",
        "AdaGrad accumulates the squares of all past gradients, so we divide by an ever larger number.",
        "The sum in the denominator can only get bigger.",
        "Cache is monotonically increasing.",
    ),
    ("inline_FullyConnectedNets_3", "adam"): (
        "No, Adam does not have this problem.",
        "Adam wouldn't suffer from this.",
        "This does not happen with Adam.",
        "Adam: no.",
        "With Adam the updates do not vanish.",
    ),
    ("inline_FullyConnectedNets_3", "average"): (
        "Adam uses an exponential moving average of the squared gradients.",
        "Adam forgets old gradients.",
        "In Adam the second moment decays over time, so past gradients lose their influence.",
        "Adam keeps a running average instead of a sum.",
    ),
    ("inline_BatchNormalization_1", "small"): (
        "Without batch norm, small weights lead to vanishing gradients.",
        "For the baseline the gradients vanish if the scale is too low.",
        "When batchnorm is not used, activations die out with tiny weights.",
    ),
    ("inline_BatchNormalization_1", "large"): (
        "Without batch norm, large weights lead to exploding gradients.",
        "The loss of the plain network blows up for large scales.",
        "Without BN the activations become huge if the weights are large.",
    ),
    ("inline_BatchNormalization_1", "robust"): (
        "With batch norm the network is robust to the initialization.",
        "The batchnorm network hardly depends on the weight scale.",
        "With BN the accuracy is about the same for all scales.",
        "Batch normalization makes the network insensitive to the scale of the weights.",
        "With batch normalization neither happens: the gradients do not vanish or explode.",
    ),
    ("inline_BatchNormalization_1", "why"): (
        "The activations of each layer are normalized to zero mean and unit variance.",
        "BN standardizes the inputs of every layer.",
        "The scale of the weights is cancelled by the normalization.",
    ),
    ("inline_BatchNormalization_2", "effect"): (
        "Batch norm works better with larger batches.",
        "If the batch size is small, batch norm performs worse.",
        "The bigger the batch size, the higher the accuracy.",
        "Performance drops as the batch size gets smaller.",
        "With a small batch size batchnorm even hurts.",
    ),
    ("inline_BatchNormalization_2", "noise"): (
        "Small batches give noisy estimates of the mean and variance.",
        "The batch statistics are not a good estimate of the true statistics when there are few samples.",
        "The mean and variance are less reliable when computed over few examples.",
        "With more samples, the mean and variance are closer to those of the population.",
    ),
    ("inline_BatchNormalization_3", "why_batch"): (
        "3 is like batch norm as the mean is taken over the whole dataset for each pixel.",
        "Batch norm is 3: statistics are computed across all images.",
    ),
    ("inline_BatchNormalization_3", "why_layer"): (
        "2 is like layer norm as each image is normalised on its own.",
        "Layer norm is 2: it uses only the values of a single image.",
        "2 is like layer norm, it is computed per image over all pixels.",
    ),
    ("inline_BatchNormalization_4", "noise"): (
        "2, since mean and variance over few features are noisy.",
        "2: with few features the statistics are bad estimates.",
        "2. The statistics are computed over the features, so if there are few of them they are unreliable.",
    ),
    ("inline_Dropout_1", "train"): (
        "The expected value in training is p times x.",
        "In training the outputs are scaled down by p on average.",
        "On average only a fraction p of the neurons is active during training.",
        "E[x] = px during training.",
    ),
    ("inline_Dropout_1", "test"): (
        "At test time the activations are too large.",
        "At test time the outputs are 1/p times larger than during training.",
        "The next layer gets bigger inputs at test time than it was trained on.",
        "The test-time activations have a higher scale.",
    ),
    ("inline_Dropout_2", "training"): (
        "With dropout the training accuracy is lower.",
        "Training accuracy decreases when we use dropout.",
        "The net with dropout does worse on the training set.",
        "Dropout reduces the training accuracy.",
    ),
    ("inline_Dropout_2", "gap"): (
        "With dropout the gap between training and validation accuracy is smaller.",
        "With dropout the validation accuracy is slightly higher.",
        "Validation accuracy is about the same with dropout.",
        "The validation accuracy improves.",
    ),
    ("inline_Dropout_2", "regularises"): (
        "Dropout reduces overfitting.",
        "So dropout is an effective regularizer.",
        "Dropout helps the network to generalize better.",
        "It acts as a form of regularization.",
        "The network with dropout overfits less.",
    ),
    ("inline_Dropout_3", "direction"): (
        "We should increase p.",
        "p should be higher.",
        "Use a larger keep probability.",
        "Yes, keep more units, so raise p.",
        "We need to drop fewer neurons.",
    ),
    ("inline_Dropout_3", "reason"): (
        "Otherwise there are too few active neurons left.",
        "A smaller network has less capacity.",
        "A small network is less likely to overfit.",
        "Smaller networks need less regularization.",
        "Otherwise the model will underfit.",
    ),
    ("inline_ConvolutionalNetworks_1", "accuracies"): (
        "With BN: 0.46, without BN: 0.36.",
        "The validation accuracy is 46% with batch norm and 36% without.",
        "Batch norm reached 0.462 and the net without batch norm 0.357.",
    ),
    ("inline_ConvolutionalNetworks_1", "effect"): (
        "With batch norm the training converges faster.",
        "Training is more stable with batch normalization.",
        "Batch norm speeds up training.",
        "Batch norm allows higher learning rates.",
    ),
    ("inline_ConvolutionalNetworks_1", "reason"): (
        "because it normalizes the activations of each layer",
        "This is because batch norm keeps the activations at zero mean and unit variance.",
    ),
}  # fmt: skip

NOT_SAID = {
    ("inline_two_layer_net_1", "sigmoid"): (
        "The sigmoid does not saturate.",
        "Sigmoid is fine everywhere.",
        "ReLU saturates for large inputs.",
        "Does the sigmoid saturate for large inputs?",
    ),
    ("inline_two_layer_net_1", "relu"): (
        "ReLU has a zero gradient for positive inputs.",
        "Leaky ReLU has a small slope for negative inputs.",
        "The sigmoid is flat for negative inputs.",
    ),
    ("inline_two_layer_net_1", "leaky"): (
        "Leaky ReLU has a zero gradient for negative inputs.",
        "ReLU has a slope of 0.1.",
    ),
    ("inline_FullyConnectedNets_2", "which"): (
        "The three-layer network is more sensitive.",
        "The five-layer network is less sensitive.",
        "The five-layer network is not more sensitive than the three-layer network.",
    ),
    ("inline_FullyConnectedNets_2", "signals"): (
        "The gradients neither vanish nor explode.",
        "Nothing happens to the activations.",
    ),
    ("inline_FullyConnectedNets_3", "sum"): (
        "The gradients get smaller and smaller.",
        "The cache shrinks over time.",
    ),
    ("inline_FullyConnectedNets_3", "adam"): (
        "Adam has the same problem.",
        "Yes, Adam would also suffer from it.",
        "AdaGrad does not have this problem.",
    ),
    ("inline_BatchNormalization_1", "small"): (
        "Without batch norm the gradients do not vanish.",
        "With batch norm, small weights make the gradients vanish.",
    ),
    ("inline_BatchNormalization_1", "large"): (
        "Without batch norm the gradients never explode.",
        "With batch norm the gradients explode for large weights.",
    ),
    ("inline_BatchNormalization_1", "robust"): (
        "With batch norm the network is not robust to the scale.",
        "Without batch norm the network is robust.",
        "Batch norm makes the network more sensitive.",
    ),
    ("inline_BatchNormalization_2", "effect"): (
        "Smaller batches work better.",
        "Larger batches make it worse.",
        "The batch size does not matter.",
    ),
    ("inline_BatchNormalization_2", "noise"): (
        "Small batches need more steps.",
        "The statistics are not noisy.",
    ),
    ("inline_Dropout_1", "test"): (
        "At test time the activations are too small.",
        "The activations are not larger at test time.",
    ),
    ("inline_Dropout_2", "training"): (
        "Dropout increases the training accuracy.",
        "With dropout the training accuracy is not lower.",
    ),
    ("inline_Dropout_2", "gap"): (
        "With dropout the validation accuracy is lower.",
        "Dropout does not improve the validation accuracy.",
    ),
    ("inline_Dropout_2", "regularises"): (
        "Dropout does not prevent overfitting.",
        "Dropout makes the network overfit more.",
    ),
    ("inline_Dropout_3", "direction"): (
        "We should decrease p.",
        "p must not be increased.",
        "Drop more units.",
        "Use a smaller keep probability.",
    ),
    ("inline_ConvolutionalNetworks_1", "effect"): (
        "Batch norm makes training slower.",
        "There is no difference in speed.",
        "Training is not faster with batch norm.",
    ),
}  # fmt: skip


def flat(table: dict[tuple[str, str], tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(question, criterion, text) for (question, criterion), texts in table.items() for text in texts]


@pytest.mark.parametrize(("question", "criterion", "answer"), flat(SAID))
def test_other_words_are_understood(question: str, criterion: str, answer: str) -> None:
    verdict = judge(QUESTIONS[question], answer).verdicts[criterion]
    assert verdict.outcome == "met", verdict.message


@pytest.mark.parametrize(("question", "criterion", "answer"), flat(NOT_SAID))
def test_the_contrary_is_never_met(question: str, criterion: str, answer: str) -> None:
    verdict = judge(QUESTIONS[question], answer).verdicts[criterion]
    assert verdict.outcome != "met", verdict.message
