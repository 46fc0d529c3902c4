package template

import (
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	kindFunction    = "AWS::Serverless::Function"
	kindApplication = "AWS::Serverless::Application"
	kindQueue       = "AWS::SQS::Queue"
	kindHTTPAPI     = "AWS::ApiGatewayV2::Api"
	kindWebSocket   = "AWS::Serverless::WebSocketApi"
	kindRoute       = "AWS::ApiGatewayV2::Route"
	kindIntegration = "AWS::ApiGatewayV2::Integration"
)

// ref is what !Ref answers: a parameter's value, a pseudo parameter, or a resource's physical id.
func (s *stack) ref(n *yaml.Node, name string) (value, error) {
	switch name {
	case "AWS::Region":
		return s.opt.Region, nil
	case "AWS::AccountId":
		return s.opt.AccountID, nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return s.name, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::NoValue":
		return noValue{}, nil
	}
	if v, ok := s.params[name]; ok {
		return v, nil
	}
	if err := s.checkRef(n, name); err != nil {
		return nil, err
	}
	r := s.resourceFor(name)
	switch {
	case r.kind == kindFunction && name == r.id+".Alias":
		return s.functionARN(r)
	case r.kind == kindFunction && r.id == name:
		return s.text(child(r.props, "FunctionName"))
	case r.kind == kindQueue:
		queue, err := s.queueName(r)
		return s.opt.QueueURLPrefix + queue, err
	}
	return name, nil
}

// attribute is what !GetAtt answers.
func (s *stack) attribute(n *yaml.Node, id, attribute string) (value, error) {
	if err := s.checkResource(n, id); err != nil {
		return nil, err
	}
	r := s.resourceFor(id)
	switch {
	case r.kind == kindFunction && id == r.id && attribute == "Arn":
		return s.functionARN(r)
	case r.kind == kindFunction && attribute == "FunctionUrl":
		return s.functionURL(r)
	case r.kind == kindQueue && attribute == "Arn":
		queue, err := s.queueName(r)
		return s.arn("sqs", queue), err
	case r.kind == kindQueue && attribute == "QueueName":
		return s.queueName(r)
	case r.kind == kindApplication:
		return s.output(n, id, attribute)
	case attribute == "Arn":
		return s.otherARN(r.kind, id), nil
	}
	return id + "." + attribute, nil
}

func (s *stack) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + s.opt.Region + ":" + s.opt.AccountID + ":" + resource
}

// otherARN names a resource that does not exist here (a role, a log group) in the form AWS would.
func (s *stack) otherARN(kind, id string) string {
	if kind == "AWS::IAM::Role" || kind == kindFunction {
		return "arn:aws:iam::" + s.opt.AccountID + ":role/" + id
	}
	service := "unknown"
	if parts := strings.Split(kind, "::"); len(parts) == 3 {
		service = strings.ToLower(parts[1])
	}
	return s.arn(service, id)
}

func (s *stack) functionARN(r *resource) (string, error) {
	name, err := s.text(child(r.props, "FunctionName"))
	return s.arn("lambda", "function:"+name), err
}

func (s *stack) functionURL(r *resource) (string, error) {
	uri, err := s.text(child(r.props, "CodeUri"))
	return s.opt.FunctionURL(base(uri)), err
}

// queueName is the deployed name; CloudFormation would invent one for a queue without QueueName.
func (s *stack) queueName(r *resource) (string, error) {
	name, err := s.text(child(r.props, "QueueName"))
	if name == "" && err == nil {
		name = s.name + "-" + r.id
	}
	return name, err
}

// output answers !GetAtt Stack.Outputs.Name from the nested stack itself.
func (s *stack) output(n *yaml.Node, id, attribute string) (value, error) {
	nested, err := s.child(id)
	if err != nil {
		return nil, err
	}
	out := nested.outputs[strings.TrimPrefix(attribute, "Outputs.")]
	if out == nil {
		return nil, s.errorAt(n, "stack %s has no output %s", id, strings.TrimPrefix(attribute, "Outputs."))
	}
	return nested.eval(child(out, "Value"))
}
