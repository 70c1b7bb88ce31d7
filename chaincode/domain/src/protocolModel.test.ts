import { describe, expect, test } from '@jest/globals';
import { featureNames } from './protocolColumns.js';
import { Model, type ModelTensor, modelTensors } from './protocolModel.js';
import { exampleProtocol } from './testing/exampleProtocol.js';

const shapesOf = (tensors: readonly ModelTensor[]) =>
  Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));

describe('the tensors of a model', () => {
  test.each(['logistic-regression', 'linear-regression'] as const)('of a %s may begin with 0', (kind) => {
    const tensors = modelTensors({ kind, start: 'zero' }, 13);
    expect(tensors.map(({ name, elements, fan, start }) => [name, elements, fan, start])).toEqual([
      ['output/bias', 1, undefined, 0],
      ['output/kernel', 13, undefined, 0],
    ]);
  });

  test.each(['logistic-regression', 'linear-regression'] as const)('of a %s are one kernel and one bias', (kind) => {
    const tensors = modelTensors({ kind }, 13);
    expect(tensors).toEqual([
      { name: 'output/bias', shape: [1], elements: 1, start: 0 },
      { name: 'output/kernel', shape: [13, 1], elements: 13, fan: { in: 13, out: 1 }, start: 0 },
    ]);
  });

  test('of a perceptron go from layer to layer', () => {
    const model = Model.parse({ kind: 'multilayer-perceptron', hidden: [8, 4] });
    expect(shapesOf(modelTensors(model, 13))).toEqual({
      'hidden1/kernel': [13, 8],
      'hidden1/bias': [8],
      'hidden2/kernel': [8, 4],
      'hidden2/bias': [4],
      'output/kernel': [4, 1],
      'output/bias': [1],
    });
  });

  test('of a convolutional net halve the image after each convolution', () => {
    const model = Model.parse({ kind: 'convolutional', input: [28, 28, 1], filters: [8, 16], dense: 32 });
    const tensors = modelTensors(model, 784);
    expect(shapesOf(tensors)).toEqual({
      'conv1/kernel': [3, 3, 1, 8],
      'conv1/bias': [8],
      'conv2/kernel': [3, 3, 8, 16],
      'conv2/bias': [16],
      'dense1/kernel': [7 * 7 * 16, 32],
      'dense1/bias': [32],
      'output/kernel': [32, 1],
      'output/bias': [1],
    });
    expect(tensors.find(({ name }) => name === 'conv2/kernel')?.fan).toEqual({ in: 72, out: 144 });
  });

  test('of an odd image lose its last row and column in pooling', () => {
    const model = Model.parse({ kind: 'convolutional', input: [5, 7, 1], filters: [2], dense: 3 });
    expect(shapesOf(modelTensors(model, 35))['dense1/kernel']).toEqual([2 * 3 * 2, 3]);
  });

  test('stand in byte order of their names, whatever the order of layers', () => {
    const model = Model.parse({ kind: 'multilayer-perceptron', hidden: Array(8).fill(2) });
    const names = modelTensors(model, 2).map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    const tensors = ['b/x', 'B/x', 'a/z', 'a-b/c'].map((name) => ({ name, shape: [1] }));
    const own = Model.parse({ kind: 'layers-model', topology: {}, tensors });
    expect(modelTensors(own, 2).map(({ name }) => name)).toEqual(['B/x', 'a-b/c', 'a/z', 'b/x']);
  });

  test('of a LayersModel are those declared, with the value that they start at', () => {
    const tensors = [{ name: 'norm/gamma', shape: [2, 3], start: 1 }];
    const model = Model.parse({ kind: 'layers-model', topology: {}, tensors });
    expect(modelTensors(model, 2)).toEqual([{ name: 'norm/gamma', shape: [2, 3], elements: 6, start: 1 }]);
  });

  test('are refused where nothing is left to see, or too much', () => {
    const net = (input: number[], filters: number[]) =>
      Model.parse({ kind: 'convolutional', input, filters, dense: 1 });
    expect(() => modelTensors(net([3, 3, 1], [1, 1]), 9)).toThrow(/pooling leaves no pixel/);
    expect(() => modelTensors(net([4, 4, 1], [1]), 15)).toThrow(/reads 4x4x1 values, the protocol has 15 features/);
    const wide = Model.parse({ kind: 'multilayer-perceptron', hidden: [4096, 4096, 4096, 4096] });
    expect(() => modelTensors(wide, 5_000)).toThrow(/parameters, 50000000 are allowed/);
  });
});

test('features are encoded one by one, a category without its first level', () => {
  expect(featureNames(exampleProtocol().columns)).toEqual(['age', 'pain=2', 'pain=3']);
});
