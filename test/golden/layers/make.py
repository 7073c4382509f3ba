"""Writes attention_more, conv_lstm, rnn and stateful.json beside it: pip install keras==3.15.1 torch; python make.py"""
import os, json, re
os.environ['KERAS_BACKEND']='torch'
import numpy as np, torch, keras
keras.backend.set_floatx('float64')
rng=np.random.default_rng(7)
def nums(a): return [float(x) for x in np.asarray(a,dtype=np.float64).ravel()]
def r(*s): return np.array([float('%.6g'%v) for v in rng.normal(size=s).ravel()]).reshape(s)
def camel(s):
    return re.sub('_([a-z0-9])',lambda m:m.group(1).upper(),s)
def case(name, layer, cls, options, inputs, call=None, shuffle=None):
    xs=[torch.tensor(i,requires_grad=True) for i in inputs]
    call = call or (lambda l,xs: l(xs[0]) if len(xs)==1 else l(xs))
    call(layer,xs)
    ws=[]
    for w in layer.weights:
        v=0.5*r(*w.shape); w.assign(v); ws.append(v)
    out=call(layer,xs)
    outs=list(out) if isinstance(out,(list,tuple)) else [out]
    ups=[r(*o.shape) for o in outs]
    loss=sum((o*torch.tensor(u)).sum() for o,u in zip(outs,ups))
    tw=[w for w in layer.trainable_weights]
    gs=torch.autograd.grad(loss, xs+[w.value for w in tw])
    path=lambda w: '/'.join(w.path.split('/')[1:])
    return {'name':name,'source':'keras '+keras.__version__,'layer':cls,'options':options,'precision':'float64',
      'inputs':[{'shape':list(i.shape),'data':nums(i)} for i in inputs],
      'weights':[{'shape':list(w.shape),'data':nums(v),'name':path(w)} for w,v in zip(layer.weights,ws)],
      'outputs':[{'shape':list(o.shape),'data':nums(o.detach().numpy())} for o in outs],
      'upstream':[nums(u) for u in ups],
      'inputGrads':[nums(g.numpy()) for g in gs[:len(xs)]],
      'weightGrads':[{'name':path(w),'data':nums(g.numpy())} for w,g in zip(tw,gs[len(xs):])]}
def write(path,cases):
    open(path,'w').write('{"format":1,"cases":[\n'+',\n'.join(json.dumps(c,separators=(',',':')) for c in cases)+'\n]}\n')
    print(path,len(cases),os.path.getsize(path))
L=keras.layers
D=os.path.dirname(os.path.abspath(__file__))+'/'
# ConvLSTM
C=[]
def conv_lstm(name,rank,shape,**kw):
    cls=f'ConvLSTM{rank}D'
    C.append(case(name,getattr(L,cls)(**kw),cls,{camel(k):v for k,v in kw.items()},[r(*shape)]))
conv_lstm('conv-lstm-1d',1,(2,3,6,2),filters=3,kernel_size=3)
conv_lstm('conv-lstm-1d-strides',1,(2,3,7,2),filters=2,kernel_size=3,strides=2,padding='same',return_sequences=True,activation='relu')
conv_lstm('conv-lstm-2d-same',2,(2,3,4,5,2),filters=2,kernel_size=3,padding='same',return_sequences=True,recurrent_activation='hard_sigmoid')
conv_lstm('conv-lstm-2d-states',2,(2,3,5,4,1),filters=2,kernel_size=[2,3],return_state=True,go_backwards=True)
conv_lstm('conv-lstm-2d-dilated',2,(2,2,6,6,2),filters=2,kernel_size=2,dilation_rate=2,use_bias=False)
conv_lstm('conv-lstm-3d',3,(2,2,3,4,3,1),filters=2,kernel_size=2,padding='same')
write(D+'conv_lstm.json',C)
# cells
C=[]
def cell(cls,**kw): return {'className':cls,'config':{camel(k):v for k,v in kw.items()}}
def rnn(name,cells,spec,shape,**kw):
    C.append(case(name,L.RNN(cells,**kw),'RNN',{'cell':spec,**{camel(k):v for k,v in kw.items()}},[r(*shape)]))
rnn('rnn-lstm-cell',L.LSTMCell(4),cell('LSTMCell',units=4),(2,5,3),return_sequences=True)
rnn('rnn-gru-cell',L.GRUCell(4),cell('GRUCell',units=4),(2,5,3),return_state=True)
rnn('rnn-gru-cell-before',L.GRUCell(3,reset_after=False),cell('GRUCell',units=3,reset_after=False),(2,4,3),go_backwards=True,return_sequences=True)
rnn('rnn-simple-cell',L.SimpleRNNCell(4,activation='relu'),cell('SimpleRNNCell',units=4,activation='relu'),(2,5,3))
st=lambda: [L.LSTMCell(3),L.GRUCell(4),L.SimpleRNNCell(2)]
spec=[cell('LSTMCell',units=3),cell('GRUCell',units=4),cell('SimpleRNNCell',units=2)]
rnn('rnn-list',st(),spec,(2,4,3),return_sequences=True)
stacked={'className':'StackedRNNCells','config':{'cells':spec}}
rnn('rnn-stacked',L.StackedRNNCells(st()),stacked,(2,4,3))
write(D+'rnn.json',C)
# attention
C=[]
def att(name,n,options,**kw):
    l=L.Attention(**kw)
    inputs=[r(2,4,3),r(2,5,3),r(2,5,3)][:n]
    C.append(case(name,l,'Attention',options,inputs))
att('attention-concat',2,{'scoreMode':'concat'},score_mode='concat')
att('attention-concat-scale',3,{'scoreMode':'concat','useScale':True},score_mode='concat',use_scale=True)
def mha(name,shape,options,**kw):
    l=L.MultiHeadAttention(**kw)
    C.append(case(name,l,'MultiHeadAttention',options,[r(*shape)],call=lambda l,xs:l(xs[0],xs[0])))
mha('attention-axes-2',(2,3,4,5),{'numHeads':2,'keyDim':3,'attentionAxes':[2]},num_heads=2,key_dim=3,attention_axes=(2,))
mha('attention-axes-1',(2,3,4,5),{'numHeads':2,'keyDim':3,'attentionAxes':[1]},num_heads=2,key_dim=3,attention_axes=(1,))
mha('attention-axes-all',(2,3,2,4),{'numHeads':2,'keyDim':3,'attentionAxes':[1,2]},num_heads=2,key_dim=3,attention_axes=(1,2))
mha('attention-axes-none',(2,3,2,4),{'numHeads':2,'keyDim':3},num_heads=2,key_dim=3)
write(D+'attention_more.json',C)
# stateful
C=[]
def stateful(name,cls,options,**kw):
    l=getattr(L,cls)(stateful=True,**kw)
    inputs=[r(3,4,2) for _ in range(3)]
    m=keras.Sequential([keras.Input(batch_shape=(3,4,2)),l])
    ws=[]
    for w in l.trainable_weights:
        v=0.5*r(*w.shape); w.assign(v); ws.append(v)

    outs=[m.predict(i,verbose=0,batch_size=3) for i in inputs]
    m.reset_states() if hasattr(m,'reset_states') else l.reset_states()
    again=m.predict(inputs[0],verbose=0,batch_size=3)
    C.append({'name':name,'source':'keras '+keras.__version__,'layer':cls,'options':options,
     'inputs':[{'shape':list(i.shape),'data':nums(i)} for i in inputs],
     'weights':[{'shape':list(v.shape),'data':nums(v)} for v in ws],
     'outputs':[{'shape':list(o.shape),'data':nums(o)} for o in outs],
     'afterReset':{'shape':list(again.shape),'data':nums(again)}})
stateful('stateful-lstm','LSTM',{'units':3},units=3)
stateful('stateful-gru-sequences','GRU',{'units':3,'returnSequences':True},units=3,return_sequences=True)
stateful('stateful-simple','SimpleRNN',{'units':3},units=3)
write(D+'stateful.json',C)
