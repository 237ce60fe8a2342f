-- One statement for sysbench, again and again, as text or prepared. Each ? is a number from 1 to --rows, each # one of seven digits.
sysbench.cmdline.options = {
    sql = {"the statement", "select 1"},
    rows = {"the highest number", 10000},
    prepared = {"prepare it on the server", false},
}

function thread_init()
    connection = sysbench.sql.driver():connect()
    _, parameters = sysbench.opt.sql:gsub("%?", "")
    if not sysbench.opt.prepared then return end
    statement = connection:prepare(sysbench.opt.sql)
    values = {}
    for place = 1, parameters do values[place] = statement:bind_create(sysbench.sql.type.INT) end
    if parameters > 0 then statement:bind_param(unpack(values)) end
end

function event()
    local number = function() return sysbench.rand.uniform(1, sysbench.opt.rows) end
    if statement then
        for place = 1, parameters do values[place]:set(number()) end
        local result = statement:execute()
        if result then result:free() end
    else
        connection:query((sysbench.opt.sql:gsub("%?", number):gsub("#", function() return string.format("%07d", number()) end)))
    end
end

function thread_done()
    if statement then statement:close() end
    connection:disconnect()
end
