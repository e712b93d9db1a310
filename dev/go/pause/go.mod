module example.com/myapp/dev/pause

go 1.26.0
